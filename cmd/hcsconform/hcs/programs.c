/* SPDX-License-Identifier: MIT */

/*
 * Processes that are programs: with those of the emulator real ones of the host, what they do is theirs. Most run
 * hcsworker, which is mapped into the container (%worker%).
 */

#include "cmd/hcsconform/hcs/hcs.h"

#define NEEDS "processes=real"
#define WORKED                                                                                                         \
        "{" SCHEMA ",'Container':{'GuestOs':{'HostName':'conform'},'Storage':%storage%,'MappedDirectories':[%tools%]}" \
        "}"
#define UP                    CREATE("a", WORKED, S_OK), START("a", S_OK)
#define PIPES                 "'CreateStdInPipe':true,'CreateStdOutPipe':true,'CreateStdErrPipe':true"
#define CMD(c)                "{'CommandLine':'" c "'," PIPES "}"
#define WORK(what)            CMD("%worker% " what)
#define WORK_WITH(what, more) "{'CommandLine':'%worker% " what "'," more "," PIPES "}"
#define CASE(n, how, source, ...) \
        { n, MOVES(UP, __VA_ARGS__), how, source, BOTH, NEEDS_IMAGE | NEEDS_ADMIN | NEEDS_PROGRAMS, NEEDS }
#define RESIZE "{'Operation':'ConsoleSize','ConsoleSize':{'Height':30,'Width':100}}"

const struct hcs_case hcs_program_cases[] = {
        CASE("a program ends with its exit code", OBSERVED, "hcsshim", RUN("p", "a", CMD("cmd /c exit 3"), S_OK),
             DRAINED("p", 1), DRAINED("p", 2), EXIT("p", "3")),
        CASE("an exit code is a number of 32 bits", DOCUMENTED, "GetExitCodeProcess",
             RUN("p", "a", WORK("exit 4294967295"), S_OK), EXIT("p", "4294967295")),
        CASE("output and errors of a program have a pipe each", OBSERVED, "hcsshim",
             RUN("p", "a", WORK("say out complain err"), S_OK), READ("p", 1, "out\n"), READ("p", 2, "err\n"),
             DRAINED("p", 1), DRAINED("p", 2), EXIT("p", "0")),
        CASE("a program gives its input back", OBSERVED, "hcsshim", RUN("p", "a", WORK("echo say end"), S_OK),
             WRITE("p", "one "), READ("p", 1, "one "), WRITE("p", "two "), READ("p", 1, "two "), END_INPUT("p"),
             READ("p", 1, "end\n"), DRAINED("p", 1), EXIT("p", "0")),
        CASE("a program reads to the end of its input", OBSERVED, "hcsshim CloseStdin",
             RUN("p", "a", WORK("count"), S_OK), WRITE("p", "12345"),
             PROCESS(PROC_MODIFY, "p", "{'Operation':'CloseHandle','CloseHandle':{'Handle':'StdIn'}}", S_OK),
             READ("p", 1, "5\n"), EXIT("p", "0")),
        CASE("a program has the environment of its document", OBSERVED, "hcsshim",
             RUN("p", "a", WORK_WITH("env GREETING env HCSCONFORM_NONE", "'Environment':{'GREETING':'hello'}"), S_OK),
             READ("p", 1, "hello\n(unset)\n"), EXIT("p", "0")),
        CASE("a program has the working folder of its document", OBSERVED, "hcsshim",
             RUN("p", "a", WORK_WITH("where", "'WorkingDirectory':'C:\\\\Windows'"), S_OK), READ("p", 1, "indows\n"),
             EXIT("p", "0")),
        CASE("a working folder that is not there is refused", ASSUMED, "",
             RUN("p", "a", WORK_WITH("where", "'WorkingDirectory':'C:\\\\hcsconform-none'"), HCS_WIN32(267))),
        CASE("a program that is killed ends its pipes and says 1067", OBSERVED, "hcsshim",
             RUN("p", "a", WORK("say ready wait"), S_OK), READ("p", 1, "ready\n"), KILL_PROCESS("p", S_OK),
             DRAINED("p", 1), DRAINED("p", 2), EXIT("p", "1067")),
        CASE("a program handles CtrlC", OBSERVED, "nerdctl 4899", RUN("p", "a", WORK("catch say ready wait"), S_OK),
             READ("p", 1, "ready\n"), SIGNAL("p", "{'Signal':'CtrlC'}", S_OK), READ("p", 1, "event 0\n"),
             EXIT("p", "40")),
        CASE("a program that does not handle CtrlC ends", OBSERVED, "nerdctl 4899",
             RUN("p", "a", WORK("say ready wait"), S_OK), READ("p", 1, "ready\n"),
             SIGNAL("p", "{'Signal':'CtrlC'}", S_OK), EXIT("p", "3221225786")),
        CASE("a program handles CtrlShutdown before it is ended", DOCUMENTED, "SignalProcessOptions",
             RUN("p", "a", WORK("catch say ready wait"), S_OK), READ("p", 1, "ready\n"),
             SIGNAL("p", "{'Signal':'CtrlShutdown'}", S_OK), READ("p", 1, "event 6\n"),
             EVENT("p", EVENT_PROCESS_EXITED, "1")),
        CASE("a program with pipes has no console to be resized", ASSUMED, "",
             RUN("p", "a", WORK("say ready wait"), S_OK), READ("p", 1, "ready\n"),
             PROCESS(PROC_MODIFY, "p", RESIZE, HCS_WIN32(50)), KILL_PROCESS("p", S_OK), EXIT("p", "1067")),
        CASE("programs end with their system", OBSERVED, "hcsshim", RUN("p", "a", WORK("say ready wait"), S_OK),
             READ("p", 1, "ready\n"), KILL("a", S_OK), EVENT("p", EVENT_PROCESS_EXITED, "1"), DRAINED("p", 1)),
        {NULL},
};
