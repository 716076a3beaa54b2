/* SPDX-License-Identifier: MIT */
#ifndef HCSSHIM_HRESULT_H
#define HCSSHIM_HRESULT_H

/*
 * HRESULT: the currency of failure at every public boundary.
 *
 * Values are held in 32 bits. Where the ABI returns 64 bits the value is zero extended, never sign extended.
 * Two families name the same conditions: 0xC03701xx comes from vmcompute, 0x803701xx from computecore.
 * Source: HRESULT catalogue of the HCS reference (HCSHResult) and the error tables of hcsshim.
 */

#include <stdbool.h>
#include <stdint.h>

#ifdef _WIN32
#include <windows.h>
#else
typedef int32_t HRESULT;

#define S_OK                  ((HRESULT)0)
#define S_FALSE               ((HRESULT)1)
#define E_NOTIMPL             ((HRESULT)0x80004001)
#define E_NOINTERFACE         ((HRESULT)0x80004002)
#define E_POINTER             ((HRESULT)0x80004003)
#define E_ABORT               ((HRESULT)0x80004004)
#define E_FAIL                ((HRESULT)0x80004005)
#define E_UNEXPECTED          ((HRESULT)0x8000FFFF)
#define E_ACCESSDENIED        ((HRESULT)0x80070005)
#define E_HANDLE              ((HRESULT)0x80070006)
#define E_OUTOFMEMORY         ((HRESULT)0x8007000E)
#define E_INVALIDARG          ((HRESULT)0x80070057)
#define SUCCEEDED(hr)         ((HRESULT)(hr) >= 0)
#define FAILED(hr)            ((HRESULT)(hr) < 0)
#define HRESULT_FROM_WIN32(x) ((HRESULT)(x) <= 0 ? (HRESULT)(x) : (HRESULT)(((uint32_t)(x)&0xffff) | 0x80070000u))
#endif

#define HCS_WIN32(code) ((HRESULT)(0x80070000u | ((code)&0xffffu)))

/* HCS_E_*: the computecore family. The vmcompute twin of each is hcs_hresult_to_vmcompute(). */
#define HCS_E_TERMINATED_DURING_START               ((HRESULT)0x80370100)
#define HCS_E_IMAGE_MISMATCH                        ((HRESULT)0x80370101)
#define HCS_E_HYPERV_NOT_INSTALLED                  ((HRESULT)0x80370102)
#define HCS_E_INVALID_STATE                         ((HRESULT)0x80370105)
#define HCS_E_UNEXPECTED_EXIT                       ((HRESULT)0x80370106)
#define HCS_E_TERMINATED                            ((HRESULT)0x80370107)
#define HCS_E_CONNECT_FAILED                        ((HRESULT)0x80370108)
#define HCS_E_CONNECTION_TIMEOUT                    ((HRESULT)0x80370109)
#define HCS_E_CONNECTION_CLOSED                     ((HRESULT)0x8037010A)
#define HCS_E_UNKNOWN_MESSAGE                       ((HRESULT)0x8037010B)
#define HCS_E_UNSUPPORTED_PROTOCOL_VERSION          ((HRESULT)0x8037010C)
#define HCS_E_INVALID_JSON                          ((HRESULT)0x8037010D)
#define HCS_E_SYSTEM_NOT_FOUND                      ((HRESULT)0x8037010E)
#define HCS_E_SYSTEM_ALREADY_EXISTS                 ((HRESULT)0x8037010F)
#define HCS_E_SYSTEM_ALREADY_STOPPED                ((HRESULT)0x80370110)
#define HCS_E_PROTOCOL_ERROR                        ((HRESULT)0x80370111)
#define HCS_E_INVALID_LAYER                         ((HRESULT)0x80370112)
#define HCS_E_WINDOWS_INSIDER_REQUIRED              ((HRESULT)0x80370113)
#define HCS_E_SERVICE_NOT_AVAILABLE                 ((HRESULT)0x80370114)
#define HCS_E_OPERATION_NOT_STARTED                 ((HRESULT)0x80370115)
#define HCS_E_OPERATION_ALREADY_STARTED             ((HRESULT)0x80370116)
#define HCS_E_OPERATION_PENDING                     ((HRESULT)0x80370117)
#define HCS_E_OPERATION_TIMEOUT                     ((HRESULT)0x80370118)
#define HCS_E_OPERATION_SYSTEM_CALLBACK_ALREADY_SET ((HRESULT)0x80370119)
#define HCS_E_OPERATION_RESULT_ALLOCATION_FAILED    ((HRESULT)0x8037011A)
#define HCS_E_ACCESS_DENIED                         ((HRESULT)0x8037011B)
#define HCS_E_GUEST_CRITICAL_ERROR                  ((HRESULT)0x8037011C)
#define HCS_E_PROCESS_INFO_NOT_AVAILABLE            ((HRESULT)0x8037011D)
#define HCS_E_SERVICE_DISCONNECT                    ((HRESULT)0x8037011E)
#define HCS_E_PROCESS_ALREADY_STOPPED               ((HRESULT)0x8037011F)

/* vmcompute only. */
#define VMCOMPUTE_E_OPERATION_PENDING      ((HRESULT)0xC0370103)
#define VMCOMPUTE_E_TOO_MANY_NOTIFICATIONS ((HRESULT)0xC0370104)

/* Host networking: all codes that are published. */
#ifndef HCN_E_NETWORK_NOT_FOUND
#define HCN_E_NETWORK_NOT_FOUND                 ((HRESULT)0x803B0001)
#define HCN_E_ENDPOINT_NOT_FOUND                ((HRESULT)0x803B0002)
#define HCN_E_LAYER_NOT_FOUND                   ((HRESULT)0x803B0003)
#define HCN_E_SWITCH_NOT_FOUND                  ((HRESULT)0x803B0004)
#define HCN_E_SUBNET_NOT_FOUND                  ((HRESULT)0x803B0005)
#define HCN_E_ADAPTER_NOT_FOUND                 ((HRESULT)0x803B0006)
#define HCN_E_PORT_NOT_FOUND                    ((HRESULT)0x803B0007)
#define HCN_E_POLICY_NOT_FOUND                  ((HRESULT)0x803B0008)
#define HCN_E_VFP_PORTSETTING_NOT_FOUND         ((HRESULT)0x803B0009)
#define HCN_E_INVALID_NETWORK                   ((HRESULT)0x803B000A)
#define HCN_E_INVALID_NETWORK_TYPE              ((HRESULT)0x803B000B)
#define HCN_E_INVALID_ENDPOINT                  ((HRESULT)0x803B000C)
#define HCN_E_INVALID_POLICY                    ((HRESULT)0x803B000D)
#define HCN_E_INVALID_POLICY_TYPE               ((HRESULT)0x803B000E)
#define HCN_E_INVALID_REMOTE_ENDPOINT_OPERATION ((HRESULT)0x803B000F)
#define HCN_E_NETWORK_ALREADY_EXISTS            ((HRESULT)0x803B0010)
#define HCN_E_LAYER_ALREADY_EXISTS              ((HRESULT)0x803B0011)
#define HCN_E_POLICY_ALREADY_EXISTS             ((HRESULT)0x803B0012)
#define HCN_E_PORT_ALREADY_EXISTS               ((HRESULT)0x803B0013)
#define HCN_E_ENDPOINT_ALREADY_ATTACHED         ((HRESULT)0x803B0014)
#define HCN_E_REQUEST_UNSUPPORTED               ((HRESULT)0x803B0015)
#define HCN_E_MAPPING_NOT_SUPPORTED             ((HRESULT)0x803B0016)
#define HCN_E_DEGRADED_OPERATION                ((HRESULT)0x803B0017)
#define HCN_E_SHARED_SWITCH_MODIFICATION        ((HRESULT)0x803B0018)
#define HCN_E_GUID_CONVERSION_FAILURE           ((HRESULT)0x803B0019)
#define HCN_E_REGKEY_FAILURE                    ((HRESULT)0x803B001A)
#define HCN_E_INVALID_JSON                      ((HRESULT)0x803B001B)
#define HCN_E_INVALID_JSON_REFERENCE            ((HRESULT)0x803B001C)
#define HCN_E_ENDPOINT_SHARING_DISABLED         ((HRESULT)0x803B001D)
#define HCN_E_INVALID_IP                        ((HRESULT)0x803B001E)
#define HCN_E_SWITCH_EXTENSION_NOT_FOUND        ((HRESULT)0x803B001F)
#define HCN_E_MANAGER_STOPPED                   ((HRESULT)0x803B0020)
#define GCN_E_MODULE_NOT_FOUND                  ((HRESULT)0x803B0021)
#define GCN_E_NO_REQUEST_HANDLERS               ((HRESULT)0x803B0022)
#define GCN_E_REQUEST_UNSUPPORTED               ((HRESULT)0x803B0023)
#define GCN_E_RUNTIMEKEYS_FAILED                ((HRESULT)0x803B0024)
#define GCN_E_NETADAPTER_TIMEOUT                ((HRESULT)0x803B0025)
#define GCN_E_NETADAPTER_NOT_FOUND              ((HRESULT)0x803B0026)
#define GCN_E_NETCOMPARTMENT_NOT_FOUND          ((HRESULT)0x803B0027)
#define GCN_E_NETINTERFACE_NOT_FOUND            ((HRESULT)0x803B0028)
#define GCN_E_DEFAULTNAMESPACE_EXISTS           ((HRESULT)0x803B0029)
#define HCN_E_ICS_DISABLED                      ((HRESULT)0x803B002A)
#define HCN_E_ENDPOINT_NAMESPACE_ALREADY_EXISTS ((HRESULT)0x803B002B)
#define HCN_E_ENTITY_HAS_REFERENCES             ((HRESULT)0x803B002C)
#define HCN_E_INVALID_INTERNAL_PORT             ((HRESULT)0x803B002D)
#define HCN_E_NAMESPACE_ATTACH_FAILED           ((HRESULT)0x803B002E)
#define HCN_E_ADDR_INVALID_OR_RESERVED          ((HRESULT)0x803B002F)
#define HCN_E_INVALID_PREFIX                    ((HRESULT)0x803B0030)
#define HCN_E_OBJECT_USED_AFTER_UNLOAD          ((HRESULT)0x803B0031)
#define HCN_E_INVALID_SUBNET                    ((HRESULT)0x803B0032)
#define HCN_E_INVALID_IP_SUBNET                 ((HRESULT)0x803B0033)
#define HCN_E_ENDPOINT_NOT_ATTACHED             ((HRESULT)0x803B0034)
#define HCN_E_ENDPOINT_NOT_LOCAL                ((HRESULT)0x803B0035)
#define HCN_INTERFACEPARAMETERS_ALREADY_APPLIED ((HRESULT)0x803B0036)
#define HCN_E_VFP_NOT_ALLOWED                   ((HRESULT)0x803B0037)
#endif

/* One row of the code table. */
struct hcs_hresult_info {
        uint32_t code;
        const char *name;        /* "HCS_E_INVALID_STATE", "ERROR_VMCOMPUTE_INVALID_STATE", "ERROR_NOT_FOUND" ... */
        const char *description; /* one English sentence, no full stop */
};

/* The row of a code (both HCS families, HCN, Win32 codes with facility 7, common E_*), or NULL. */
const struct hcs_hresult_info *hcs_hresult_lookup(HRESULT hr);
/* The name, or NULL; a bare Win32 code (0x490) is looked up as its HRESULT. */
const char *hcs_hresult_name(HRESULT hr);
/* Finds a code by its name (any case) or by "0x...", signed or unsigned decimal; false when unknown. */
bool hcs_hresult_parse(const char *text, HRESULT *ret);

/* The error code as hcsshim sees it: 0 for success, hr & 0xffff for FACILITY_WIN32, else hr unsigned. */
uint32_t hcs_hresult_code(HRESULT hr);
/* 0x803701xx <-> 0xC03701xx where the other family has the condition; any other value is returned unchanged. */
HRESULT hcs_hresult_to_vmcompute(HRESULT hr);
HRESULT hcs_hresult_to_computecore(HRESULT hr);
/* The only place that turns foreign codes into HRESULTs. */
HRESULT hcs_hresult_from_win32(uint32_t code);
HRESULT hcs_hresult_from_errno(int errnum);
HRESULT hcs_hresult_from_ntstatus(uint32_t status);

/* Predicates, true for the codes of either family (hcsshim's own list plus the computecore twins). */
bool hcs_is_not_exist(HRESULT hr);       /* ..10E, 0x490 */
bool hcs_is_already_stopped(HRESULT hr); /* ..110, 8037011F, 0x490 */
bool hcs_is_pending(HRESULT hr);         /* C0370103, 80370117 */
bool hcs_is_not_supported(HRESULT hr);   /* ..10D, 0xD, 0x32, ..10B, E_NOTIMPL */
bool hcs_is_invalid_state(HRESULT hr);   /* ..105 */
bool hcs_is_access_denied(HRESULT hr);   /* 5, 8037011B */
bool hcs_is_timeout(HRESULT hr);         /* 80370118, ..109, ERROR_TIMEOUT, WAIT_TIMEOUT */
bool hcs_is_invalid_handle(HRESULT hr);  /* 6 */

#endif
