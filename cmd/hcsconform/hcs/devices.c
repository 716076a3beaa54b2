/* SPDX-License-Identifier: MIT */

/* Devices that are added to a running machine, removed and updated. */

#include "cmd/hcsconform/hcs/hcs.h"

#define INVALID                       HCS_E_INVALID_JSON
#define THERE                         HCS_WIN32(0xB7)
#define NONE                          HCS_WIN32(0x490)
#define SENDS                         "hcsshim sends it"
#define D                             "VirtualMachine/Devices/"
#define REQUEST(path, type, settings) "{'ResourcePath':'" path "','RequestType':'" type "','Settings':" settings "}"
#define DISK                          "{'Type':'VirtualDisk','Path':'%disk%'}"
#define SCSI(n)                       D "Scsi/0/Attachments/" n
#define ADD(path)                     REQUEST(path, "Add", DISK)
#define REMOVE(path)                  "{'ResourcePath':'" path "','RequestType':'Remove'}"
#define SHARE(type, name)             REQUEST(D "VirtualSmb/Shares", type, "{'Name':'" name "','Path':'C:\\\\Windows'}")
#define PLAN9(type, name)             REQUEST(D "Plan9/Shares", type, "{'Name':'" name "','Path':'C:\\\\Windows','Port':564}")
#define NIC(type, id, settings)       REQUEST(D "NetworkAdapters/" id, type, settings)
#define MACHINE                       VM_WITH("'Scsi':{'0':{'Attachments':{}}},'VirtualSmb':{},'Plan9':{},'NetworkAdapters':{}")
#define PMEM                          VM_WITH("'VirtualPMem':{'MaximumCount':2}")
#define RUNNING(doc)                  CREATE("a", doc, S_OK), START("a", S_OK)
#define ONE(n, request, code, how, source) \
        { n, MOVES(RUNNING(MACHINE), MODIFY("a", request, code)), how, source, BOTH, NEEDS_HYPERV }
#define TWO(n, doc, first, request, code, how, source)                                                           \
        {                                                                                                        \
                n, MOVES(RUNNING(doc), MODIFY("a", first, S_OK), MODIFY("a", request, code)), how, source, BOTH, \
                        NEEDS_HYPERV                                                                             \
        }

const struct hcs_case hcs_device_cases[] = {
        ONE("a disk is attached to a SCSI slot", ADD(SCSI("1")), S_OK, OBSERVED, SENDS),
        TWO("a disk is detached again", MACHINE, ADD(SCSI("1")), REMOVE(SCSI("1")), S_OK, OBSERVED, SENDS),
        TWO("a SCSI slot is taken once", MACHINE, ADD(SCSI("1")), ADD(SCSI("1")), THERE, ASSUMED, ""),
        ONE("a SCSI slot that is empty cannot be emptied", REMOVE(SCSI("2")), NONE, ASSUMED, ""),
        ONE("a SCSI slot that is empty cannot be updated", REQUEST(SCSI("2"), "Update", DISK), NONE, ASSUMED, ""),
        ONE("a SCSI slot beyond 63 is refused", ADD(SCSI("64")), INVALID, ASSUMED, ""),
        ONE("a SCSI slot that is no number is refused", ADD(SCSI("x")), INVALID, ASSUMED, ""),
        ONE("a SCSI slot with a zero in front is refused", ADD(SCSI("01")), INVALID, ASSUMED, ""),
        ONE("a SCSI controller that there is not is refused", ADD(D "Scsi/7/Attachments/0"), NONE, ASSUMED, ""),
        ONE("a disk without a path is refused", REQUEST(SCSI("1"), "Add", "{'Type':'VirtualDisk'}"), INVALID, ASSUMED,
            ""),
        ONE("a disk whose path is a number is refused", REQUEST(SCSI("1"), "Add", "{'Path':7}"), INVALID, OBSERVED,
            "appsandbox 151"),
        ONE("a folder is shared over SMB", SHARE("Add", "s1"), S_OK, OBSERVED, SENDS),
        TWO("an SMB share has its name once", MACHINE, SHARE("Add", "s1"), SHARE("Add", "s1"), THERE, ASSUMED, ""),
        TWO("an SMB share is updated", MACHINE, SHARE("Add", "s1"), SHARE("Update", "s1"), S_OK, OBSERVED, SENDS),
        TWO("an SMB share is removed", MACHINE, SHARE("Add", "s1"), SHARE("Remove", "s1"), S_OK, OBSERVED, SENDS),
        ONE("an SMB share that is not there cannot be removed", SHARE("Remove", "s9"), NONE, ASSUMED, ""),
        ONE("an SMB share without a name is refused", SHARE("Add", ""), INVALID, ASSUMED, ""),
        ONE("a request that there is not is refused", SHARE("Explode", "s1"), INVALID, ASSUMED, ""),
        ONE("a folder is shared over Plan 9", PLAN9("Add", "p1"), S_OK, OBSERVED, SENDS),
        TWO("a Plan 9 share has its name once", MACHINE, PLAN9("Add", "p1"), PLAN9("Add", "p1"), THERE, ASSUMED, ""),
        TWO("a Plan 9 share is removed", MACHINE, PLAN9("Add", "p1"), PLAN9("Remove", "p1"), S_OK, OBSERVED, SENDS),
        {"a network adapter is added",
         MOVES(RUNNING(MACHINE), MODIFY("a", NIC("Add", "b5d2d8d4-3a75-51bf-945b-3444dc6b8579", "{}"), S_OK)), OBSERVED,
         SENDS, BOTH, NEEDS_EMULATOR},
        {"a network adapter is the same in braces and capitals",
         MOVES(RUNNING(MACHINE), MODIFY("a", NIC("Add", "B5D2D8D4-3A75-51BF-945B-3444DC6B8579", "{}"), S_OK),
               MODIFY("a", NIC("Add", "{b5d2d8d4-3a75-51bf-945b-3444dc6b8579}", "{}"), THERE)),
         ASSUMED, "", BOTH, NEEDS_EMULATOR},
        ONE("a network adapter that is not there cannot be updated", NIC("Update", "n2", "{}"), NONE, ASSUMED, ""),
        ONE("a MAC address that is a number is refused", NIC("Update", "n2", "{'MacAddress':7}"), INVALID, OBSERVED,
            "appsandbox 151"),
        TWO("a vPMem slot takes a device", PMEM, ADD(D "VirtualPMem/Devices/0"), REMOVE(D "VirtualPMem/Devices/0"),
            S_OK, OBSERVED, SENDS),
        TWO("a vPMem slot is taken once", PMEM, ADD(D "VirtualPMem/Devices/0"), ADD(D "VirtualPMem/Devices/0"), THERE,
            ASSUMED, ""),
        {"a vPMem slot beyond the maximum is refused",
         MOVES(RUNNING(PMEM), MODIFY("a", ADD(D "VirtualPMem/Devices/2"), INVALID)), ASSUMED, "", BOTH, NEEDS_HYPERV},
        ONE("a vPMem device without a controller is refused", ADD(D "VirtualPMem/Devices/0"), NONE, ASSUMED, ""),
        {"a mapping needs its vPMem device",
         MOVES(RUNNING(PMEM), MODIFY("a", ADD(D "VirtualPMem/Devices/1/Mappings/0"), NONE)), ASSUMED, "", BOTH,
         NEEDS_HYPERV},
        ONE("the memory is changed", REQUEST("VirtualMachine/ComputeTopology/Memory/SizeInMB", "Update", "512"), S_OK,
            OBSERVED, SENDS),
        ONE("a memory size that is a text is refused",
            REQUEST("VirtualMachine/ComputeTopology/Memory/SizeInMB", "Update", "'much'"), INVALID, OBSERVED,
            "appsandbox 151"),
        ONE("processor limits are changed",
            REQUEST("VirtualMachine/ComputeTopology/Processor/Limits", "Update", "{'Limit':50000}"), S_OK, OBSERVED,
            SENDS),
        ONE("the service table of hvsocket is updated",
            REQUEST(D "HvSocket/HvSocketConfig/ServiceTable/00000400-facb-11e6-bd58-64006a7986d3", "Update",
                    "{'AllowWildcardBinds':true}"),
            S_OK, OBSERVED, SENDS),
        ONE("a resource that there is not is refused", ADD(D "Teapot/1"), INVALID, OBSERVED, "hcsshim tests"),
        ONE("a resource of containers is refused for a machine",
            REQUEST("Container/MappedDirectories", "Add", "{'HostPath':'C:\\\\','ContainerPath':'C:\\\\x'}"), INVALID,
            ASSUMED, ""),
        ONE("a path that is a number is refused", "{'ResourcePath':7}", INVALID, OBSERVED, "appsandbox 151"),
        ONE("a request that is no JSON is refused", "{'ResourcePath':'", INVALID, ASSUMED, ""),
        {"a machine that was only created is not modified",
         MOVES(CREATE("a", MACHINE, S_OK), MODIFY("a", ADD(SCSI("1")), HCS_E_INVALID_STATE)), ASSUMED, "", BOTH,
         NEEDS_HYPERV},
        {"a paused machine is modified", MOVES(RUNNING(MACHINE), PAUSE("a", S_OK), MODIFY("a", ADD(SCSI("1")), S_OK)),
         ASSUMED, "", BOTH, NEEDS_EMULATOR},
        {"a disk of the document takes its slot",
         MOVES(RUNNING(VM_WITH("'Scsi':{'0':{'Attachments':{'0':" DISK "}}}")), MODIFY("a", ADD(SCSI("0")), THERE)),
         ASSUMED, "", BOTH, NEEDS_HYPERV},
        {"a folder is mapped into a container",
         MOVES(RUNNING(CONTAINER), MODIFY("a",
                                          REQUEST("Container/MappedDirectories", "Add",
                                                  "{'HostPath':'C:\\\\Windows','ContainerPath':'C:\\\\x'}"),
                                          S_OK)),
         OBSERVED, SENDS, BOTH, NEEDS_IMAGE | NEEDS_ADMIN},
        {NULL},
};
