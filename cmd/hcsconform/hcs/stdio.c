/* SPDX-License-Identifier: MIT */

/* The pipes of processes. */

#include "cmd/hcsconform/hcs/hcs.h"

#define IMAGE    (NEEDS_IMAGE | NEEDS_ADMIN)
#define UP       CREATE("a", CONTAINER, S_OK), START("a", S_OK)
#define PIPES(c) "{'CommandLine':'" c "','CreateStdInPipe':true,'CreateStdOutPipe':true,'CreateStdErrPipe':true}"
#define OUT(c)   "{'CommandLine':'" c "','CreateStdOutPipe':true}"
#define CASE(n, how, source, ...) \
        { n, MOVES(UP, __VA_ARGS__), how, source, BOTH, IMAGE }
#define CLOSE_STREAM(s) "{'Operation':'CloseHandle','CloseHandle':{'Handle':'" s "'}}"

const struct hcs_case hcs_stdio_cases[] = {
        CASE("what a process says comes through its pipe", OBSERVED, "hcsshim",
             RUN("p", "a", OUT("cmd /c echo hello"), S_OK), READ("p", 1, "hello\r\n"), DRAINED("p", 1), EXIT("p", "0")),
        CASE("a process without output ends its pipe", OBSERVED, "hcsshim", RUN("p", "a", OUT("cmd /c exit 3"), S_OK),
             DRAINED("p", 1), EXIT("p", "3")),
        CASE("a shell answers line by line", OBSERVED, "hcsshim", RUN("p", "a", PIPES("cmd"), S_OK),
             WRITE("p", "echo one\r\n"), READ("p", 1, "one\r\n"), WRITE("p", "echo two\r\n"), READ("p", 1, "two\r\n"),
             WRITE("p", "exit 5\r\n"), EXIT("p", "5")),
        CASE("the end of the input ends a shell", OBSERVED, "hcsshim", RUN("p", "a", PIPES("cmd"), S_OK),
             END_INPUT("p"), EVENT("p", EVENT_PROCESS_EXITED, "1")),
        CASE("the input is closed through the API too", OBSERVED, "hcsshim CloseStdin",
             RUN("p", "a", PIPES("cmd"), S_OK), PROCESS(PROC_MODIFY, "p", CLOSE_STREAM("StdIn"), S_OK),
             EVENT("p", EVENT_PROCESS_EXITED, "1")),
        CASE("errors have a pipe of their own", ASSUMED, "", RUN("p", "a", PIPES("cmd"), S_OK),
             WRITE("p", "hcsconform-none\r\n"), READ("p", 2, "hcsconform-none"), END_INPUT("p"),
             EVENT("p", EVENT_PROCESS_EXITED, "1")),
        CASE("a process that is killed ends its pipes", OBSERVED, "hcsshim",
             RUN("p", "a", PIPES("ping -t localhost"), S_OK), KILL_PROCESS("p", S_OK), DRAINED("p", 2),
             EXIT("p", "1067")),
        CASE("two processes do not share their pipes", OBSERVED, "hcsshim", RUN("p", "a", PIPES("cmd"), S_OK),
             RUN("q", "a", OUT("cmd /c echo other"), S_OK), READ("q", 1, "other\r\n"), DRAINED("q", 1),
             WRITE("p", "echo mine\r\n"), READ("p", 1, "mine\r\n"), END_INPUT("p"),
             EVENT("p", EVENT_PROCESS_EXITED, "1")),
        CASE("a process opened again has no pipes to give", DOCUMENTED, "HcsOpenProcess",
             RUN("p", "a", PIPES("ping -t localhost"), S_OK), OPEN_PROCESS("q", "p", S_OK),
             PROCESS(PROC_INFO, "q", NULL, S_OK), KILL_PROCESS("p", S_OK), EXIT("p", "1067")),
        CASE("output waits for who reads it late", ASSUMED, "", RUN("p", "a", OUT("cmd /c echo late"), S_OK),
             EXIT("p", "0"), READ("p", 1, "late\r\n"), DRAINED("p", 1)),
        {NULL},
};
