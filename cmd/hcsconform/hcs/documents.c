/* SPDX-License-Identifier: MIT */

/* Documents that do not fit, queries and lists, and what systems say of themselves. */

#include "cmd/hcsconform/hcs/hcs.h"

#define INVALID HCS_E_INVALID_JSON
#define TYPED   "appsandbox 151"
#define REFUSED(n, d, how, source) \
        { n, MOVES(CREATE("a", d, INVALID)), how, source, BOTH, NEEDS_HYPERV }
#define NAMED(n, d, p) \
        { n, MOVES(CREATE("a", d, INVALID), SAYS(p)), OBSERVED, TYPED, BOTH, NEEDS_HYPERV }
#define OPTIONS(n, what, v, d)                                                                                     \
        {                                                                                                          \
                n, MOVES(CREATE("a", VM, S_OK), START("a", S_OK), SYSTEM(what, v, d, INVALID)), ASSUMED, "", BOTH, \
                        NEEDS_HYPERV                                                                               \
        }
#define UP(v) CREATE(v, VM, S_OK), START(v, S_OK)

const struct hcs_case hcs_document_cases[] = {
        REFUSED("a document that is empty is refused", "", ASSUMED, ""),
        REFUSED("a document that is no JSON is refused", "{'VirtualMachine':", OBSERVED, "hcs-48"),
        REFUSED("a document that is an array is refused", "[]", ASSUMED, ""),
        REFUSED("a document that is a number is refused", "7", ASSUMED, ""),
        REFUSED("a document that is a text is refused", "'x'", ASSUMED, ""),
        REFUSED("text behind a document is refused", VM "x", ASSUMED, ""),
        NAMED("a count that is a text is named by its path",
              "{'VirtualMachine':{'ComputeTopology':{'Processor':{'Count':'2'}}}}",
              "$.VirtualMachine.ComputeTopology.Processor.Count"),
        NAMED("a size that is a list is named by its path",
              "{'VirtualMachine':{'ComputeTopology':{'Memory':{'SizeInMB':[1]}}}}",
              "$.VirtualMachine.ComputeTopology.Memory.SizeInMB"),
        NAMED("a switch that is a number is named by its path", "{'VirtualMachine':{'StopOnReset':1}}",
              "$.VirtualMachine.StopOnReset"),
        NAMED("devices that are a text are named by their path", "{'VirtualMachine':{'Devices':'none'}}",
              "$.VirtualMachine.Devices"),
        NAMED("a layer that is a number is named by its place", "{'Container':{'Storage':{'Layers':[7]}}}",
              "$.Container.Storage.Layers[0]"),
        NAMED("a negative count is named by its path",
              "{'VirtualMachine':{'ComputeTopology':{'Memory':{'SizeInMB':-1}}}}",
              "$.VirtualMachine.ComputeTopology.Memory.SizeInMB"),
        {"a member that is not known passes",
         MOVES(CREATE("a", "{" SCHEMA ",'VirtualMachine':{'Chipset':{'Uefi':{},'Toaster':1}," TOPOLOGY "}}", S_OK)),
         ASSUMED, "", BOTH, NEEDS_HYPERV},
        {"a member that is not known is refused by a strict reader",
         MOVES(CREATE("a", "{'VirtualMachine':{'Chipset':{'Uefii':{}}}}", INVALID)), OBSERVED, "hcsshim 2714", BOTH,
         NEEDS_EMULATOR, "profile=strict:26100"},
        {"a kind of system of schema 1 that there is not is refused",
         MOVES(CREATE("a", "{'SystemType':'Toaster'}", INVALID), SAYS("$.SystemType")), OBSERVED, "log of TP4, hcs-27",
         BOTH, NEEDS_HYPERV},
        {"a container of schema 1 is a container",
         MOVES(CREATE("a", "{'SystemType':'Container','Name':'x','Owner':'hcsconform'}", S_OK), QUERY("a", "", S_OK),
               VALUE("SystemType", "'Container'")),
         OBSERVED, "hcsshim, both stacks", BOTH, NEEDS_EMULATOR},
        {"a system without an id is refused", MOVES(CREATE_AS("a", "", VM, HCS_WIN32(87))), ASSUMED, "", BOTH,
         NEEDS_HYPERV},
        OPTIONS("options of a pause that do not fit are refused", SYS_PAUSE, "a", "{'SuspensionLevel':5}"),
        OPTIONS("options of a resume that are an array are refused", SYS_RESUME, "a", "[]"),
        OPTIONS("options of a shutdown that are a number are refused", SYS_SHUTDOWN, "a", "7"),
        OPTIONS("options of a terminate that are no JSON are refused", SYS_TERMINATE, "a", "{nope"),
        OPTIONS("options of a save that are empty are refused", SYS_SAVE, "a", "{}"),
        OPTIONS("a request to modify that is empty is refused", SYS_MODIFY, "a", ""),
        OPTIONS("a request to modify without a path is refused", SYS_MODIFY, "a", "{}"),
        OPTIONS("a query whose types are a text is refused", SYS_QUERY, "a", "{'PropertyTypes':'Memory'}"),
        OPTIONS("a property that there is not is refused", SYS_QUERY, "a", "{'PropertyTypes':['Weather']}"),
        {"options of a start that are no JSON are refused",
         MOVES(CREATE("a", VM, S_OK), SYSTEM(SYS_START, "a", "{bad", INVALID)), ASSUMED, "", BOTH, NEEDS_HYPERV},
        {"an empty query gives what every system has",
         MOVES(CREATE("a", VM, S_OK), QUERY("a", "", S_OK), VALUE("Id", "'%a%'"),
               VALUE("SystemType", "'VirtualMachine'"), VALUE("Owner", "'hcsconform'"), VALUE("RuntimeId", "*")),
         OBSERVED, "hcsshim asks so after every create", BOTH, NEEDS_HYPERV},
        {"two systems have two runtime ids",
         MOVES(CREATE("a", VM, S_OK), CREATE("b", VM, S_OK), QUERY("a", "{}", S_OK), VALUE("RuntimeId", "*"),
               QUERY("b", "{}", S_OK), VALUE("Id", "'%b%'")),
         DOCUMENTED, "Properties", BOTH, NEEDS_HYPERV},
        {"statistics are there when they are asked for",
         MOVES(UP("a"), QUERY("a", "{'PropertyTypes':['Statistics']}", S_OK), VALUE("Statistics", "*"),
               VALUE("Statistics.Timestamp", "*")),
         DOCUMENTED, "Properties", BOTH, NEEDS_HYPERV},
        {"statistics are not there when they are not", MOVES(UP("a"), QUERY("a", "", S_OK), VALUE("Statistics", NULL)),
         OBSERVED, "hcsshim", BOTH, NEEDS_HYPERV},
        {"processes are listed when they are asked for",
         MOVES(CREATE("a", CONTAINER, S_OK), START("a", S_OK),
               RUN("p", "a", "{'CommandLine':'ping -t localhost'}", S_OK),
               QUERY("a", "{'PropertyTypes':['ProcessList']}", S_OK), VALUE("ProcessList", "*")),
         DOCUMENTED, "Properties", BOTH, NEEDS_IMAGE | NEEDS_ADMIN},
        {"systems are listed by their id",
         MOVES(CREATE("a", VM, S_OK), CREATE("b", VM, S_OK), LIST("{'Ids':['%a%']}", S_OK), VALUE("[0].Id", "'%a%'"),
               VALUE("[1]", NULL)),
         DOCUMENTED, "SystemQuery", BOTH, NEEDS_HYPERV},
        {"systems are listed by their owner",
         MOVES(CREATE("a", "{'Owner':'hcsconform-%token%','VirtualMachine':{'Chipset':{'Uefi':{}}," TOPOLOGY "}}",
                      S_OK),
               LIST("{'Owners':['hcsconform-%token%']}", S_OK), VALUE("[0].Id", "'%a%'"), VALUE("[1]", NULL)),
         DOCUMENTED, "SystemQuery", BOTH, NEEDS_HYPERV},
        {"systems are listed by their type",
         MOVES(CREATE("a", VM, S_OK), LIST("{'Ids':['%a%'],'Types':['Container']}", S_OK), VALUE("", "[]")), DOCUMENTED,
         "SystemQuery", BOTH, NEEDS_HYPERV},
        {"an id that no system has gives an empty list",
         MOVES(LIST("{'Ids':['hcsconform-none']}", S_OK), VALUE("", "[]")), DOCUMENTED, "SystemQuery", BOTH, 0},
        {"an empty query lists", MOVES(LIST("", S_OK), VALUE("", "*")), OBSERVED, "hcsshim", BOTH, 0},
        {"a query whose owners are a text is refused", MOVES(LIST("{'Owners':'x'}", INVALID)), ASSUMED, "", BOTH, 0},
        {"a query whose types are a number is refused", MOVES(LIST("{'Types':5}", INVALID)), ASSUMED, "", BOTH, 0},
        {"a query that is no JSON is refused", MOVES(LIST("{", INVALID)), ASSUMED, "", BOTH, 0},
        {NULL},
};
