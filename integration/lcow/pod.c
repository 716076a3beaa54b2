/* SPDX-License-Identifier: MIT */

/* Containers that share what their sandbox has. */

#include <string.h>

#include "base/str.h"
#include "integration/lcow/pod.h"

/* As containerd writes them: the sandbox's namespaces by the process in the guest that has them. */
static char *shared_namespaces(const struct pod *pod) {
        unsigned pid = hcs_gcs_process_pid(pod->pause);

        return hcs_asprintf("\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"mount\"},"
                            "{\"type\":\"ipc\",\"path\":\"/proc/%u/ns/ipc\"},"
                            "{\"type\":\"uts\",\"path\":\"/proc/%u/ns/uts\"},"
                            "{\"type\":\"network\",\"path\":\"/proc/%u/ns/net\"}]},\"hostname\":null,",
                            pid, pid, pid);
}

char *pod_spec(const struct pod *pod, const char *namespace) {
        _cleanup_free_ char *shared = pod ? shared_namespaces(pod) : NULL;

        return hcs_asprintf("{%s\"annotations\":{\"io.kubernetes.cri.container-type\":\"%s\","
                            "\"io.kubernetes.cri.sandbox-id\":\"pod\"},"
                            "\"windows\":{\"network\":{\"networkNamespace\":\"%s\"}}}",
                            shared ? shared : "", shared ? "container" : "sandbox", namespace);
}

bool pod_open(struct machine *m, const char *namespace, struct pod *ret) {
        _cleanup_free_ char *spec = pod_spec(NULL, namespace);

        return box_create(m, &(struct box){.id = "pod", .command = "cat", .merge = spec}, &ret->sandbox) &&
               box_hold(m, ret->sandbox, &ret->pause);
}

bool pod_shares(struct machine *m, struct pod *pod, const char *namespace) {
        static const char names[] = "hostname; for n in net ipc uts; do readlink /proc/self/ns/$n; done";
        _cleanup_(uvm_container_freep) struct uvm_container *member = NULL;
        _cleanup_free_ char *spec = pod_spec(pod, namespace);
        _cleanup_buf_ struct hcs_buf first = {0}, second = {0};
        uint32_t code = 0;

        if (!box_shell(m, pod->sandbox, names, &first) ||
            !box_create(m, &(struct box){.id = "member", .command = names, .merge = spec}, &member) ||
            !box_start(m, member) || !box_run(m, member, NULL, NULL, &second, &code) || !box_delete(m, &member))
                return false;
        return hcs_streq(hcs_buf_cstr(&first), hcs_buf_cstr(&second)) ||
               world_failed(m->w, NULL, "a pod's namespaces are not one:\n%s%s", hcs_buf_cstr(&first),
                            hcs_buf_cstr(&second));
}

bool pod_close(struct machine *m, struct pod *pod) {
        return box_let_go(m, pod->pause);
}

void pod_deinit(struct pod *pod) {
        hcs_gcs_process_unref(pod->pause);
        uvm_container_free(pod->sandbox);
}
