/* SPDX-License-Identifier: MIT */

/* The compute service itself: what it says of the host, CPU groups, credential guard, access to files. */

#include "cmd/hcsconform/hcs/hcs.h"

#define INVALID HCS_E_INVALID_JSON
#define ASKS(t) "{'PropertyTypes':['" t "']}"
#define GROUP(op, id)                                                                                    \
        "{'PropertyType':'CpuGroup','Settings':{'Operation':'" op "','OperationDetails':{'GroupId':'" id \
        "','LogicalProcessorCount':1,'LogicalProcessors':[0]}}}"
#define GUARD(op, id)                                                                                               \
        "{'PropertyType':'ContainerCredentialGuard','Settings':{'Operation':'" op "','OperationDetails':{'Id':'" id \
        "','CredentialSpec':'{}','Transport':'HvSocket'}}}"
#define G1 "a0b4e0c1-1111-4222-8333-444455556666"
#define ONE(n, move, how, source, needs) \
        { n, MOVES(move), how, source, BOTH, needs }

const struct hcs_case hcs_service_cases[] = {
        {"the service says which schemas it knows",
         MOVES(SERVICE(ASKS("Basic"), S_OK), VALUE("Properties[0].SupportedSchemaVersions", "*")), DOCUMENTED,
         "BasicInformation", BOTH, 0},
        {"the service says how many processors there are",
         MOVES(SERVICE(ASKS("ProcessorTopology"), S_OK), VALUE("Properties[0].LogicalProcessorCount", "*"),
               VALUE("Properties[0].LogicalProcessors[0].LpIndex", "0")),
         OBSERVED, "hcsshim processorinfo", BOTH, 0},
        {"two properties come in the order they were asked for",
         MOVES(SERVICE("{'PropertyTypes':['Basic','ProcessorTopology']}", S_OK),
               VALUE("Properties[0].SupportedSchemaVersions", "*"), VALUE("Properties[1].LogicalProcessorCount", "*")),
         DOCUMENTED, "Service_PropertyQuery", BOTH, 0},
        ONE("a property of the service that there is not is refused", SERVICE(ASKS("Moon"), INVALID), ASSUMED, "", 0),
        ONE("a query of the service that does not fit is refused", SERVICE("{'PropertyTypes'", INVALID), ASSUMED, "",
            0),
        {"a CPU group is made, listed and deleted",
         MOVES(SERVICE_MODIFY(GROUP("CreateGroup", G1), S_OK), SERVICE(ASKS("CpuGroup"), S_OK), SAYS(G1),
               SERVICE_MODIFY(GROUP("DeleteGroup", G1), S_OK)),
         DOCUMENTED, "ModificationRequest", BOTH, NEEDS_HYPERV | NEEDS_ADMIN},
        {"a CPU group is made once",
         MOVES(SERVICE_MODIFY(GROUP("CreateGroup", G1), S_OK),
               SERVICE_MODIFY(GROUP("CreateGroup", G1), HCS_WIN32(0xB7)),
               SERVICE_MODIFY(GROUP("DeleteGroup", G1), S_OK)),
         DOCUMENTED, "ModificationRequest", BOTH, NEEDS_HYPERV | NEEDS_ADMIN},
        ONE("a CPU group that is not there cannot be deleted",
            SERVICE_MODIFY(GROUP("DeleteGroup", G1), HCS_WIN32(0x490)), DOCUMENTED, "ModificationRequest",
            NEEDS_HYPERV | NEEDS_ADMIN),
        ONE("an operation on CPU groups that there is not is refused", SERVICE_MODIFY(GROUP("Explode", G1), INVALID),
            ASSUMED, "", NEEDS_HYPERV | NEEDS_ADMIN),
        {"a credential guard is added, listed and removed",
         MOVES(SERVICE_MODIFY(GUARD("AddInstance", "i1"), S_OK), SERVICE(ASKS("ContainerCredentialGuard"), S_OK),
               SAYS("i1"), SERVICE_MODIFY(GUARD("RemoveInstance", "i1"), S_OK)),
         OBSERVED, "hcsshim credentials", BOTH, NEEDS_EMULATOR},
        {"a credential guard is added once",
         MOVES(SERVICE_MODIFY(GUARD("AddInstance", "i1"), S_OK),
               SERVICE_MODIFY(GUARD("AddInstance", "i1"), HCS_WIN32(0xB7))),
         ASSUMED, "", BOTH, NEEDS_EMULATOR},
        ONE("a credential guard that is not there cannot be removed",
            SERVICE_MODIFY(GUARD("RemoveInstance", "i9"), HCS_WIN32(0x490)), ASSUMED, "", NEEDS_EMULATOR),
        ONE("a setting of the service that there is not is refused", SERVICE_MODIFY("{'PropertyType':'Moon'}", INVALID),
            ASSUMED, "", 0),
        ONE("settings of the service that are empty are refused", SERVICE_MODIFY("{}", INVALID), ASSUMED, "", 0),
        {"a machine is given access to a file", MOVES(CREATE("a", VM, S_OK), GRANT("%a%", "%disk%", S_OK)), OBSERVED,
         "hcsshim", BOTH, NEEDS_HYPERV | NEEDS_ADMIN},
        {"access is taken away again",
         MOVES(CREATE("a", VM, S_OK), GRANT("%a%", "%disk%", S_OK), REVOKE("%a%", "%disk%", S_OK)), DOCUMENTED,
         "HcsRevokeVmAccess", CORE, NEEDS_HYPERV | NEEDS_ADMIN},
        {"all machines are given access to a file", MOVES(GRANT(NULL, "%disk%", S_OK), REVOKE(NULL, "%disk%", S_OK)),
         DOCUMENTED, "HcsGrantVmGroupAccess", CORE, NEEDS_HYPERV | NEEDS_ADMIN},
        {"access of nobody is refused", MOVES(GRANT("", "%disk%", HCS_WIN32(87))), ASSUMED, "", BOTH, 0},
        {NULL},
};
