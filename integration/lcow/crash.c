/* SPDX-License-Identifier: MIT */

/* A machine that is killed under its VM while a container runs there: everybody who waits for anything of it is told.
 */

#include <signal.h>
#include <string.h>
#include <sys/types.h>

#include "base/json.h"
#include "base/str.h"
#include "integration/lcow/scenarios.h"
#include "platform/thread.h"

struct running {
        struct machine m;
        struct uvm_container *container;
        struct hcs_gcs_process *process;
};

static HRESULT wait_vm(struct running *r, struct hcs_error **err) {
        return uvm_wait(r->m.vm, &patient, err);
}

static HRESULT wait_bridge(struct running *r, struct hcs_error **err) {
        return hcs_gcs_connection_wait(uvm_guest(r->m.vm), &patient, err);
}

static HRESULT wait_container(struct running *r, struct hcs_error **err) {
        return hcs_gcs_container_wait(uvm_container_guest(r->container), &patient, err);
}

static HRESULT wait_process(struct running *r, struct hcs_error **err) {
        uint32_t code;

        return hcs_gcs_process_wait(r->process, &patient, &code, err);
}

/* An end of the stream, or a stream that broke: both are an end. */
static HRESULT wait_output(struct running *r, struct hcs_error **err) {
        char buf[64];
        size_t n;

        hcs_gcs_process_read(r->process, HCS_GCS_STDOUT, buf, sizeof(buf), &patient, &n, NULL);
        return hcs_gcs_process_read(r->process, HCS_GCS_STDOUT, buf, sizeof(buf), &patient, &n, NULL) == S_OK
                       ? hcs_error_make(err, E_FAIL, "there is more output")
                       : S_OK;
}

static const struct {
        const char *what;
        HRESULT (*wait)(struct running *r, struct hcs_error **err);
        HRESULT end;
} kinds[] = {{"the VM", wait_vm, S_OK},
             {"the VM, by another", wait_vm, S_OK},
             {"the bridge", wait_bridge, S_OK},
             {"the container", wait_container, S_OK},
             {"the process", wait_process, HCS_E_CONNECTION_CLOSED},
             {"the process, by another", wait_process, HCS_E_CONNECTION_CLOSED},
             {"the output", wait_output, S_OK}};

struct waiter {
        struct running *r;
        size_t kind;
        struct hcs_thread thread;
        struct hcs_error *err;
        HRESULT hr;
};

static void await(void *arg) {
        struct waiter *w = arg;

        w->hr = kinds[w->kind].wait(w->r, &w->err);
}

/* The process that is QEMU. Of a recording it is nobody's any more. */
static bool kill_qemu(struct machine *m) {
        static const char *const queries[] = {"MockMachine", NULL};
        _cleanup_json_ struct hcs_json *answer = NULL;
        _cleanup_free_ char *text = NULL;
        struct hcs_error *err = NULL;
        uint64_t pid = 0;

        if (FAILED(hcs_system_properties_v3(uvm_system(m->vm), queries, &patient, &text, &err)) ||
            FAILED(hcs_json_parse_cstr(text, &answer, &err)))
                return world_failed(m->w, err, "which process is it?");
        if (!hcs_json_u64(hcs_json_lookup(answer, "PropertyResponses.MockMachine.Response.ProcessId"), &pid) || !pid)
                return world_failed(m->w, NULL, "no process: %s", text);
        if (!m->w->replay)
                kill((pid_t)pid, SIGKILL);
        return true;
}

static bool come_up(struct running *r) {
        struct hcs_error *err = NULL;
        char buf[8];
        size_t n = 0;

        if (!box_create(&r->m, &(struct box){.id = "crash", .command = "echo up; sleep 1000"}, &r->container) ||
            !box_start(&r->m, r->container))
                return false;
        if (FAILED(uvm_container_exec(r->container, NULL, &(struct uvm_streams){.out = true}, &patient, &r->process,
                                      &err)) ||
            FAILED(hcs_gcs_process_read(r->process, HCS_GCS_STDOUT, buf, sizeof(buf), &patient, &n, &err)))
                return world_failed(r->m.w, err, "the container does not come up");
        return (n == 3 && memcmp(buf, "up\n", 3) == 0) || world_failed(r->m.w, NULL, "it says %.*s", (int)n, buf);
}

static void see_the_end(struct running *r) {
        struct waiter waiters[HCS_ARRAY_SIZE(kinds)];
        struct world *w = r->m.w;
        _cleanup_free_ char *status = NULL;
        struct hcs_error *err = NULL;
        size_t n = 0;
        HRESULT hr;

        for (; n < HCS_ARRAY_SIZE(kinds); n++) {
                waiters[n] = (struct waiter){.r = r, .kind = n};
                if (FAILED(hcs_thread_start(&waiters[n].thread, await, &waiters[n], &err))) {
                        world_failed(w, err, "thread");
                        break;
                }
        }
        kill_qemu(&r->m);
        for (size_t i = 0; i < n; i++) {
                hcs_thread_join(&waiters[i].thread);
                if (waiters[i].hr != kinds[i].end)
                        world_failed(w, waiters[i].err, "the wait for %s ends with 0x%08x", kinds[i].what,
                                     (unsigned)waiters[i].hr);
                else
                        hcs_error_free(waiters[i].err);
        }
        hr = uvm_exit_error(r->m.vm, &err);
        if (hr != HCS_E_UNEXPECTED_EXIT)
                world_failed(w, err, "the VM ended with 0x%08x", (unsigned)hr);
        else
                hcs_error_free(err);
        status = hcs_system_exit_status(uvm_system(r->m.vm));
        if (!hcs_streq(status, "{\"Status\":-2143878906,\"ExitType\":\"UnexpectedExit\"}"))
                world_failed(w, NULL, "the VM ended with %s", status ? status : "nothing");
        hr = hcs_gcs_connection_error(uvm_guest(r->m.vm), NULL);
        if (SUCCEEDED(hr) || hr == HCS_E_INVALID_STATE)
                world_failed(w, NULL, "the bridge ended with 0x%08x", (unsigned)hr);
}

void scenario_crash(struct world *w) {
        struct running r = {0};

        if (machine_boot(w, "crash@vm", 256, &r.m) && come_up(&r))
                see_the_end(&r);
        hcs_gcs_process_unref(r.process);
        uvm_container_free(r.container);
        machine_deinit(&r.m);
}
