/* SPDX-License-Identifier: MIT */

/* Processes: made, found again, signalled, ended, and what they leave behind. */

#include "cmd/hcsconform/hcs/hcs.h"

#define INVALID HCS_E_INVALID_JSON
#define GONE    HCS_E_PROCESS_ALREADY_STOPPED
#define IMAGE   (NEEDS_IMAGE | NEEDS_ADMIN)
#define UP      CREATE("a", CONTAINER, S_OK), START("a", S_OK)
#define CMD(c)  "{'CommandLine':'" c "'}"
#define RUNS    RUN("p", "a", CMD("ping -t localhost"), S_OK)
#define QUICK   RUN("p", "a", CMD("cmd /c exit 0"), S_OK), EVENT("p", EVENT_PROCESS_EXITED, "1")
/* What is told wrongly may be told late: after this it has had its time. */
#define ANOTHER_EXIT RUN("later", "a", CMD("cmd /c exit 0"), S_OK), EVENT("later", EVENT_PROCESS_EXITED, "1")
#define OPENGCS      "opengcs 134"
#define CASE(n, how, source, ...) \
        { n, MOVES(UP, __VA_ARGS__), how, source, BOTH, IMAGE }
#define MODIFIED(d, code) PROCESS(PROC_MODIFY, "p", d, code)

const struct hcs_case hcs_process_cases[] = {
        CASE("a process runs and exits", OBSERVED, "hcsshim", QUICK, EXIT("p", "0")),
        CASE("a process exits with its code", OBSERVED, "hcsshim", RUN("p", "a", CMD("cmd /c exit 7"), S_OK),
             EXIT("p", "7")),
        CASE("an exit of a process is told once", OBSERVED, "hcsshim", QUICK, EVENT("p", EVENT_PROCESS_EXITED, "1")),
        {"the exit of a process says its code",
         MOVES(UP, RUN("p", "a", CMD("cmd /c exit 9"), S_OK), EVENT("p", EVENT_PROCESS_EXITED, "1"),
               VALUE("ExitCode", "9")),
         OBSERVED, "hcs-61", CORE, IMAGE},
        CASE("an executable that is not there is refused", OBSERVED, "moby 40128, hcs-43",
             RUN("p", "a", CMD("hcsconform-none.exe"), HCS_WIN32(2))),
        CASE("a command that is empty is refused", ASSUMED, "", RUN("p", "a", CMD(""), INVALID)),
        CASE("parameters that are no JSON are refused", ASSUMED, "", RUN("p", "a", "{'CommandLine'", INVALID)),
        CASE("parameters that are empty are refused", ASSUMED, "", RUN("p", "a", "", INVALID)),
        CASE("a console size that is a text is named by its path", OBSERVED, "appsandbox 151",
             RUN("p", "a", "{'CommandLine':'cmd','ConsoleSize':'80x25'}", INVALID), SAYS("$.ConsoleSize")),
        CASE("an environment that is a text is refused", OBSERVED, "log-14",
             RUN("p", "a", "{'CommandLine':'cmd','Environment':'A=b'}", INVALID)),
        {"a system that was only created runs no process",
         MOVES(CREATE("a", CONTAINER, S_OK), RUN("p", "a", CMD("cmd /c exit 0"), HCS_E_INVALID_STATE)), OBSERVED,
         "hcs-36", BOTH, IMAGE},
        {"a paused system runs no process",
         MOVES(UP, PAUSE("a", S_OK), RUN("p", "a", CMD("cmd /c exit 0"), HCS_E_INVALID_STATE)), ASSUMED, "", BOTH,
         IMAGE},
        {"a stopped system runs no process",
         MOVES(UP, KILL("a", S_OK), EVENT("a", EVENT_SYSTEM_EXITED, "1"),
               RUN("p", "a", CMD("cmd /c exit 0"), HCS_E_INVALID_STATE)),
         ASSUMED, "", BOTH, IMAGE},
        CASE("a process is opened by its id", DOCUMENTED, "HcsOpenProcess", RUNS, OPEN_PROCESS("q", "p", S_OK),
             PROCESS(PROC_INFO, "q", NULL, S_OK)),
        CASE("an id that no process has cannot be opened", DOCUMENTED, "HcsOpenProcess",
             OPEN_PROCESS("q", NULL, HCS_WIN32(0x490))),
        CASE("an exit is told to every handle of a process", DOCUMENTED, "HcsSetProcessCallback", RUNS,
             OPEN_PROCESS("q", "p", S_OK), KILL_PROCESS("q", S_OK), EVENT("p", EVENT_PROCESS_EXITED, "1"),
             EVENT("q", EVENT_PROCESS_EXITED, "1")),
        CASE("who opens a process that has exited hears of it", OBSERVED, "hcsshim latches both", QUICK,
             OPEN_PROCESS("q", "p", S_OK), EVENT("q", EVENT_PROCESS_EXITED, "1")),
        CASE("who closed a process hears nothing of its exit", OBSERVED, "hcsshim unregisters before it closes", RUNS,
             OPEN_PROCESS("q", "p", S_OK), CLOSE_PROCESS("q"), KILL_PROCESS("p", S_OK),
             EVENT("p", EVENT_PROCESS_EXITED, "1"), EVENT("q", EVENT_PROCESS_EXITED, "0"), ANOTHER_EXIT,
             EVENT("q", EVENT_PROCESS_EXITED, "0")),
        {"the exit of a process is waited for",
         MOVES(UP, RUNS, PROCESS(PROC_POLL, "p", NULL, HCS_E_OPERATION_TIMEOUT), KILL_PROCESS("p", S_OK),
               PROCESS(PROC_WAIT, "p", NULL, S_OK), VALUE("ProcessId", "*"), PROCESS(PROC_POLL, "p", NULL, S_OK)),
         ASSUMED, "HcsWaitForProcessExit", CORE, IMAGE},
        {"whoever opens a process waits for its exit",
         MOVES(UP, QUICK, OPEN_PROCESS("q", "p", S_OK), PROCESS(PROC_WAIT, "q", NULL, S_OK), VALUE("ProcessId", "*")),
         ASSUMED, "HcsWaitForProcessExit", CORE, IMAGE},
        CASE("a process is terminated", OBSERVED, "hcsshim tests", RUNS, KILL_PROCESS("p", S_OK), EXIT("p", "1067")),
        CASE("a process that has exited is not terminated", OBSERVED, OPENGCS, QUICK, KILL_PROCESS("p", GONE)),
        CASE("CtrlC ends a process", OBSERVED, "nerdctl 4899", RUNS, SIGNAL("p", "{'Signal':'CtrlC'}", S_OK),
             EXIT("p", "3221225786")),
        CASE("CtrlBreak ends a process", DOCUMENTED, "SignalProcessOptions", RUNS,
             SIGNAL("p", "{'Signal':'CtrlBreak'}", S_OK), EXIT("p", "3221225786")),
        CASE("CtrlShutdown ends a process", DOCUMENTED, "SignalProcessOptions", RUNS,
             SIGNAL("p", "{'Signal':'CtrlShutdown'}", S_OK), EVENT("p", EVENT_PROCESS_EXITED, "1")),
        CASE("no options are CtrlC", ASSUMED, "", RUNS, SIGNAL("p", "", S_OK), EVENT("p", EVENT_PROCESS_EXITED, "1")),
        CASE("a signal that there is not is refused", ASSUMED, "", RUNS, SIGNAL("p", "{'Signal':'CtrlZ'}", INVALID)),
        CASE("a signal beyond 64 is refused", ASSUMED, "", RUNS, SIGNAL("p", "{'Signal':65}", INVALID)),
        CASE("options of a signal that are no JSON are refused", ASSUMED, "", RUNS, SIGNAL("p", "{", INVALID)),
        CASE("a process that has exited is not signalled", OBSERVED, OPENGCS, QUICK,
             SIGNAL("p", "{'Signal':'CtrlC'}", GONE)),
        CASE("a console is resized", OBSERVED, "hcsshim", RUNS,
             MODIFIED("{'Operation':'ConsoleSize','ConsoleSize':{'Height':30,'Width':100}}", S_OK)),
        CASE("a console of a size that does not fit is refused", ASSUMED, "", RUNS,
             MODIFIED("{'Operation':'ConsoleSize','ConsoleSize':{'Height':70000,'Width':100}}", INVALID)),
        CASE("a stream that there is not is not closed", ASSUMED, "", RUNS,
             MODIFIED("{'Operation':'CloseHandle','CloseHandle':{'Handle':'StdFoo'}}", INVALID)),
        CASE("an operation that there is not is refused", ASSUMED, "", RUNS,
             MODIFIED("{'Operation':'Dance'}", INVALID)),
        CASE("a process that has exited is not modified", OBSERVED, OPENGCS, QUICK,
             MODIFIED("{'Operation':'ConsoleSize','ConsoleSize':{'Height':30,'Width':100}}", GONE)),
        CASE("a running process has no exit code", DOCUMENTED, "ProcessStatus", RUNS,
             PROCESS(PROC_PROPERTIES, "p", NULL, S_OK), VALUE("Exited", NULL), VALUE("ProcessId", "*")),
        CASE("a process that has exited says so", DOCUMENTED, "ProcessStatus", QUICK,
             PROCESS(PROC_PROPERTIES, "p", NULL, S_OK), VALUE("Exited", "true")),
        CASE("processes end with their system", OBSERVED, "hcsshim", RUNS, KILL("a", S_OK),
             EVENT("p", EVENT_PROCESS_EXITED, "1"), EVENT("a", EVENT_SYSTEM_EXITED, "1")),
        CASE("two processes have two ids", ASSUMED, "", RUNS, RUN("q", "a", CMD("ping -t localhost"), S_OK),
             KILL_PROCESS("q", S_OK), EXIT("q", "1067"), PROCESS(PROC_INFO, "p", NULL, S_OK)),
        {NULL},
};
