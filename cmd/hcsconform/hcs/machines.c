/* SPDX-License-Identifier: MIT */

/*
 * What computecore alone has for machines: namespaces, migration, files of their state, reports of their crashes. Each
 * case makes what it needs and takes it away.
 */

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/utf.h"
#include "cmd/hcsconform/hcs/hcs.h"
#include "platform/file.h"
#include "platform/place.h"

#define NAMESPACE u"hcsconform"

static const struct hcs_computecore_api *api(void) {
        return &conform_target.core;
}

static char *id_of_case(void) {
        return hcs_asprintf("hcsconform-%s-m", conform_target.token);
}

bool hcs_with_machine(bool (*fn)(HCS_SYSTEM system)) {
        _cleanup_free_ char *id = id_of_case(), *doc = conform_expand(VM, NULL, NULL), *text = NULL, *rest = NULL;
        struct watch watch;
        void *system = NULL;
        HRESULT hr;
        bool ok;

        watch_init(&watch);
        hr = face_core.create(id, doc, &watch, &system, &text);
        ok = conform_code("create", S_OK, hr, text) && fn(system);
        if (system) {
                face_core.system(SYS_TERMINATE, system, &watch, NULL, &rest);
                face_core.close(system, &watch);
        }
        watch_deinit(&watch);
        return ok;
}

/* The outcome of a call with an operation, which is closed; ret: its document. */
static HRESULT outcome(HCS_OPERATION op, HRESULT hr, char **ret) {
        PWSTR text = NULL;

        if (SUCCEEDED(hr))
                hr = api()->HcsWaitForOperationResult(op, conform_target.patience_ms, &text);
        api()->HcsCloseOperation(op);
        *ret = face_take(text);
        return hr;
}

static HRESULT on_machine(enum face_system what, HCS_SYSTEM system, const char *options) {
        _cleanup_free_ char *text = NULL;

        return face_core.system(what, system, NULL, options, &text);
}

static bool lists_in_namespace(const char *id) {
        HCS_OPERATION op = api()->HcsCreateOperation(NULL, NULL);
        _cleanup_free_ char *list = NULL;
        HRESULT hr = outcome(op, api()->HcsEnumerateComputeSystemsInNamespace(NAMESPACE, u"{}", op), &list);

        return conform_code("enumerate", S_OK, hr, list) &&
               ((list && strstr(list, id)) || conform_failed("`%s` is not in %s", id, list ? list : "nothing"));
}

static bool found_in_namespace(const char *id, PCWSTR wide) {
        HCS_SYSTEM again = NULL;
        bool ok = conform_code("open", S_OK,
                               api()->HcsOpenComputeSystemInNamespace(NAMESPACE, wide, GENERIC_ALL, &again), NULL);

        if (again)
                api()->HcsCloseComputeSystem(again);
        return ok && lists_in_namespace(id);
}

static bool of_a_namespace(void) {
        _cleanup_free_ char *id = id_of_case(), *doc = conform_expand(VM, NULL, NULL), *text = NULL;
        FACE_WIDE(wide_id, id);
        FACE_WIDE(wide, doc);
        HCS_OPERATION op = api()->HcsCreateOperation(NULL, NULL);
        HCS_SYSTEM system = NULL;
        HRESULT hr = outcome(
                op,
                api()->HcsCreateComputeSystemInNamespace(NAMESPACE, (PCWSTR)wide_id, (PCWSTR)wide, op, NULL, &system),
                &text);
        bool ok = conform_code("create", S_OK, hr, text) && found_in_namespace(id, (PCWSTR)wide_id);

        if (system) {
                on_machine(SYS_TERMINATE, system, NULL);
                api()->HcsCloseComputeSystem(system);
        }
        return ok;
}

static bool not_of_a_namespace(void) {
        HCS_SYSTEM system = NULL;
        HRESULT hr = api()->HcsOpenComputeSystemInNamespace(NAMESPACE, u"hcsconform-none", GENERIC_ALL, &system);

        return conform_code("open", HCS_E_SYSTEM_NOT_FOUND, hr, NULL) &&
               (!system || conform_failed("there is a handle after a failure"));
}

typedef HCS_ABI_HRESULT(HCS_ABI_CALL *migration)(HCS_SYSTEM system, HCS_OPERATION op, PCWSTR options);

static HRESULT migrate(migration call, HCS_SYSTEM system, PCWSTR options) {
        HCS_OPERATION op = api()->HcsCreateOperation(NULL, NULL);
        _cleanup_free_ char *text = NULL;

        return outcome(op, call(system, op, options), &text);
}

/* Hosts without the feature have the functions too. */
static bool refused(const char *what, HRESULT hr) {
        return CONFORM_ONE_OF(what, hr, HCS_E_INVALID_STATE, E_INVALIDARG, E_NOTIMPL, HCS_E_INVALID_JSON, HCS_WIN32(50),
                              HCS_WIN32(87));
}

static bool goes_on_with_nothing(HCS_SYSTEM system) {
        return conform_code("start", S_OK, on_machine(SYS_START, system, NULL), NULL) &&
               refused("start the migration", migrate(api()->HcsStartLiveMigrationOnSource, system,
                                                      u"{\"NetworkSettings\":{\"SessionId\":1}}")) &&
               refused("transfer", migrate(api()->HcsStartLiveMigrationTransfer, system, u"{\"Origin\":\"Source\"}")) &&
               refused("finalize", migrate(api()->HcsFinalizeLiveMigration, system,
                                           u"{\"Origin\":\"Source\",\"FinalizedOperation\":\"Resume\"}")) &&
               refused("cancel", migrate(api()->HcsCancelLiveMigration, system, u"{\"Origin\":\"Source\"}"));
}

static bool never_initialized(void) {
        return hcs_with_machine(goes_on_with_nothing);
}

static bool begins_before_it_runs(HCS_SYSTEM system) {
        HRESULT hr = migrate(api()->HcsInitializeLiveMigrationOnSource, system, u"{\"Origin\":\"Source\"}");

        return CONFORM_ONE_OF("initialize", hr, E_NOTIMPL, HCS_E_INVALID_STATE, E_INVALIDARG, HCS_E_INVALID_JSON,
                              HCS_WIN32(50), HCS_WIN32(87));
}

static bool initialized_too_early(void) {
        return hcs_with_machine(begins_before_it_runs);
}

static HRESULT make_guest_state(PCWSTR path) {
        return api()->HcsCreateEmptyGuestStateFile(path);
}

static HRESULT make_runtime_state(PCWSTR path) {
        return api()->HcsCreateEmptyRuntimeStateFile(path);
}

/* A replay makes no file. */
static bool made_once(HRESULT (*make)(PCWSTR path), const char *name) {
        _cleanup_free_ char *path = hcs_path_join(conform_target.work, name);
        FACE_WIDE(wide, path);
        bool ok = conform_code("make", S_OK, make((PCWSTR)wide), NULL) &&
                  (conform_target.replaying || hcs_file_exists(path) || conform_failed("there is no file")) &&
                  CONFORM_ONE_OF("again", make((PCWSTR)wide), HCS_WIN32(80), HCS_WIN32(183), S_OK);

        hcs_file_remove(path, NULL);
        return ok;
}

static bool guest_state_is_made(void) {
        return made_once(make_guest_state, "state.vmgs");
}

static bool runtime_state_is_made(void) {
        return made_once(make_runtime_state, "state.vmrs");
}

static bool state_has_a_folder(void) {
        _cleanup_free_ char *path = hcs_path_join(conform_target.work, "none/state.vmgs");
        FACE_WIDE(wide, path);

        return conform_code("guest state", HCS_WIN32(3), make_guest_state((PCWSTR)wide), NULL) &&
               conform_code("runtime state", HCS_WIN32(3), make_runtime_state((PCWSTR)wide), NULL);
}

static HRESULT processor_of(const char *path, char **ret) {
        FACE_WIDE(wide, path);
        PWSTR text = NULL;
        HRESULT hr = api()->HcsGetProcessorCompatibilityFromSavedState((PCWSTR)wide, &text);

        *ret = face_take(text);
        return hr;
}

static bool no_state_no_processor(void) {
        _cleanup_free_ char *path = hcs_path_join(conform_target.work, "none.vmrs"), *text = NULL;

        return CONFORM_ONE_OF("processor", processor_of(path, &text), HCS_WIN32(2), HCS_WIN32(3)) &&
               (!text || conform_failed("there is a document after a failure"));
}

static bool saves(HCS_SYSTEM system, const char *path) {
        _cleanup_json_ struct hcs_json *options = hcs_json_new_object();
        _cleanup_free_ char *text = NULL;

        hcs_json_set_string(options, "SaveType", "ToFile");
        hcs_json_set_string(options, "SaveStateFilePath", path);
        text = hcs_json_text(options, HCS_JSON_COMPACT);
        return conform_code("start", S_OK, on_machine(SYS_START, system, NULL), NULL) &&
               conform_code("pause", S_OK, on_machine(SYS_PAUSE, system, NULL), NULL) &&
               conform_code("save", S_OK, on_machine(SYS_SAVE, system, text), NULL);
}

static bool saved_names_its_processor(HCS_SYSTEM system) {
        _cleanup_free_ char *path = hcs_path_join(conform_target.work, "saved.vmrs"), *id = id_of_case(), *text = NULL;
        FACE_WIDE(wide, path);
        FACE_WIDE(wide_id, id);
        bool ok = conform_code("make", S_OK, make_runtime_state((PCWSTR)wide), NULL) &&
                  conform_code("grant", S_OK, api()->HcsGrantVmAccess((PCWSTR)wide_id, (PCWSTR)wide), NULL) &&
                  saves(system, path) && conform_code("processor", S_OK, processor_of(path, &text), text) &&
                  conform_value(text, "ProcessorFeatures", "*");

        hcs_file_remove(path, NULL);
        return ok;
}

static bool processor_of_a_saved_machine(void) {
        return hcs_with_machine(saved_names_its_processor);
}

static bool report_that_is_none(void) {
        return CONFORM_ONE_OF("report", api()->HcsSubmitWerReport(u"{"), HCS_E_INVALID_JSON, E_INVALIDARG,
                              HCS_WIN32(87));
}

static bool report_that_does_not_fit(void) {
        return CONFORM_ONE_OF("report", api()->HcsSubmitWerReport(u"{\"SystemId\":7}"), HCS_E_INVALID_JSON,
                              E_INVALIDARG, HCS_WIN32(87));
}

/* What hosts make of one about a machine that there is not is not known. */
static bool report_of_a_crash(void) {
        HRESULT hr = api()->HcsSubmitWerReport(u"{\"SystemId\":\"hcsconform-none\",\"CrashParameters\":[1,2,3,4,5]}");

        return CONFORM_ONE_OF("report", hr, S_OK, HCS_E_SYSTEM_NOT_FOUND, HCS_E_INVALID_JSON, E_INVALIDARG,
                              HCS_WIN32(87), HCS_WIN32(0x490));
}

static const struct machine_case {
        const char *name;
        bool (*run)(void);
        enum conform_how how;
        const char *source;
        unsigned needs;
} machine_cases[] = {
        {"a system of a namespace is opened and listed there", of_a_namespace, DOCUMENTED,
         "HcsCreateComputeSystemInNamespace", NEEDS_HYPERV | NEEDS_ADMIN},
        {"an id that no system of a namespace has cannot be opened", not_of_a_namespace, DOCUMENTED, "HCS error codes",
         NEEDS_ADMIN},
        {"a migration that was not initialized is not gone on with", never_initialized, ASSUMED,
         "the order: hcsshim's migration", NEEDS_HYPERV | NEEDS_ADMIN},
        {"a migration does not begin before its machine runs", initialized_too_early, ASSUMED,
         "the order: hcsshim's migration", NEEDS_HYPERV | NEEDS_ADMIN},
        {"an empty guest state is made", guest_state_is_made, DOCUMENTED, "HcsCreateEmptyGuestStateFile", NEEDS_ADMIN},
        {"an empty runtime state is made", runtime_state_is_made, DOCUMENTED, "HcsCreateEmptyRuntimeStateFile",
         NEEDS_ADMIN},
        {"a state in a folder that is not there is refused", state_has_a_folder, ASSUMED, "as Windows says of files",
         NEEDS_ADMIN},
        {"a state that is not there needs no processor", no_state_no_processor, ASSUMED, "as Windows says of files",
         NEEDS_ADMIN},
        {"a saved machine says what it needs of a processor", processor_of_a_saved_machine, DOCUMENTED,
         "HcsGetProcessorCompatibilityFromSavedState", NEEDS_HYPERV | NEEDS_ADMIN},
        {"a crash report that is no JSON is refused", report_that_is_none, ASSUMED, "", NEEDS_ADMIN},
        {"a crash report that does not fit is refused", report_that_does_not_fit, ASSUMED, "CrashReport", NEEDS_ADMIN},
        {"a crash report is taken", report_of_a_crash, DOCUMENTED, "HcsSubmitWerReport", NEEDS_ADMIN},
};

static bool run(const struct conform_case *c) {
        return ((const struct machine_case *)c->arg)->run();
}

void machines_each(conform_fn fn, void *ctx) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(machine_cases); i++) {
                const struct machine_case *m = &machine_cases[i];
                const struct conform_case c = {.group = "hcs",
                                               .name = m->name,
                                               .needs = m->needs,
                                               .how = m->how,
                                               .source = m->source,
                                               .run = run,
                                               .arg = m};

                fn(&c, ctx);
        }
}
