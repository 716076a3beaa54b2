/* SPDX-License-Identifier: MIT */

/* Which enforcer is in force, and the policy that a host set. Locked: requests set it on the loop's thread, jobs ask it
 * on theirs. */

#include "guest/policy/policy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/str.h"
#include "guest/policy/doors.h"
#include "platform/file.h"
#include "platform/thread.h"

#define MAX_POLICY (16u << 20)

struct guest_policy {
        struct hcs_mutex lock; /* guards all below; the texts are set once and stay */
        const struct guest_enforcer *enforcer;
        char *encoded, *uvm_reference, *uvm_hash_envelope;
};

void guest_policy_verdict_deinit(struct guest_policy_verdict *v) {
        v->env = hcs_json_free(v->env);
        v->capabilities = hcs_json_free(v->capabilities);
}

HRESULT guest_policy_new(const char *stance, struct guest_policy **ret, struct hcs_error **err) {
        const struct guest_enforcer *e = hcs_streq(stance, "allow")  ? &guest_open_door
                                         : hcs_streq(stance, "deny") ? &guest_closed_door
                                                                     : NULL;
        struct guest_policy *p;

        if (!e)
                return hcs_error_make(err, E_INVALIDARG, "unknown initial-policy-stance `%s`: allow or deny", stance);
        p = hcs_calloc(1, sizeof(*p));
        hcs_mutex_init(&p->lock);
        p->enforcer = e;
        *ret = p;
        return S_OK;
}

struct guest_policy *guest_policy_free(struct guest_policy *p) {
        if (!p)
                return NULL;
        free(p->encoded);
        free(p->uvm_reference);
        free(p->uvm_hash_envelope);
        hcs_mutex_deinit(&p->lock);
        return hcs_free(p);
}

const struct guest_enforcer *guest_policy_enforcer(struct guest_policy *p, void **ret_ctx) {
        hcs_guard(&p->lock);
        *ret_ctx = NULL;
        return p->enforcer;
}

const char *guest_policy_encoded(struct guest_policy *p) {
        hcs_guard(&p->lock);
        return p->encoded ? p->encoded : "";
}

/* allow_all without containers needs no engine. */
static HRESULT check_open_door(const char *encoded, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *policy = NULL;
        _cleanup_buf_ struct hcs_buf text = {0};
        const struct hcs_json *containers;
        uint64_t length = 0;

        if (strlen(encoded) > MAX_POLICY || !hcs_base64_decode(encoded, strlen(encoded), &text))
                return hcs_error_make(err, E_FAIL, "unable to decode policy from Base64 format");
        if (FAILED(hcs_json_parse(hcs_buf_cstr(&text), text.len, NULL, &policy, NULL)))
                return hcs_error_make(err, E_NOTIMPL, "the policy is not JSON: its engine is not built in");
        containers = hcs_json_get(policy, "containers");
        hcs_json_u64(hcs_json_get(containers, "length"), &length);
        if (!hcs_json_bool(hcs_json_get(policy, "allow_all")) || length ||
            hcs_json_count(hcs_json_get(containers, "elements")))
                return hcs_error_make(err, E_NOTIMPL,
                                      "only a policy that allows all can be enforced: the engine is not built in");
        return S_OK;
}

HRESULT guest_policy_set(struct guest_policy *p, const char *enforcer, const char *policy_base64,
                         const char *uvm_reference, const char *uvm_hash_envelope, struct hcs_error **err) {
        HRESULT hr;

        hcs_guard(&p->lock);
        if (p->encoded)
                return hcs_error_make(err, E_FAIL, "security policy has already been set");
        if (*enforcer && !hcs_streq(enforcer, "open_door") && !hcs_streq(enforcer, "standard") &&
            !hcs_streq(enforcer, "rego"))
                return hcs_error_make(err, E_FAIL, "unknown enforcer: \"%s\"", enforcer);
        hr = *policy_base64 ? check_open_door(policy_base64, err) : S_OK;
        if (FAILED(hr))
                return hr;
        p->enforcer = &guest_open_door;
        p->encoded = hcs_strdup(policy_base64);
        p->uvm_reference = hcs_strdup(uvm_reference);
        p->uvm_hash_envelope = hcs_strdup(uvm_hash_envelope);
        return S_OK;
}

HRESULT guest_policy_add_fragment(struct guest_policy *p, const char *fragment, const char *media_type,
                                  struct hcs_error **err) {
        return guest_policy_ask(p, load_fragment, fragment, media_type, err);
}

static HRESULT write_file(const char *dir, const char *name, const char *content, struct hcs_error **err) {
        _cleanup_free_ char *path = hcs_asprintf("%s/%s", dir, name);

        if (!content || !*content)
                return S_OK;
        if (FAILED(hcs_file_write(path, content, strlen(content), err)))
                return E_FAIL;
        return chmod(path, 0744) < 0 ? hcs_error_errno(err, errno, "chmod %s", path) : S_OK;
}

HRESULT guest_policy_write_context(struct guest_policy *p, struct hcs_json *spec, struct hcs_error **err) {
        const char *root = hcs_json_string(hcs_json_lookup(spec, "root.path"));
        struct hcs_json *process = hcs_json_get(spec, "process"), *env;
        _cleanup_free_ char *dir = NULL, *entry = NULL;

        if (!*guest_policy_encoded(p) || !root || !process)
                return S_OK;
        dir = hcs_asprintf("%s/security-context-XXXXXX", root);
        if (!mkdtemp(dir) || chmod(dir, 0755) < 0)
                return hcs_error_errno(err, errno, "failed to create security context directory %s", dir);
        if (FAILED(write_file(dir, "security-policy-base64", p->encoded, err)) ||
            FAILED(write_file(dir, "reference-info-base64", p->uvm_reference, err)) ||
            FAILED(write_file(dir, "reference-info-hash-envelope-base64", p->uvm_hash_envelope, err)))
                return hcs_error_wrap(err, "failed to write security context dir"), E_FAIL;
        env = hcs_json_get(process, "env");
        if (!hcs_json_is(env, HCS_JSON_ARRAY))
                env = hcs_json_set_new_array(process, "env");
        entry = hcs_asprintf("UVM_SECURITY_CONTEXT_DIR=%s", strrchr(dir, '/'));
        hcs_json_append(env, hcs_json_new_string(entry));
        return S_OK;
}
