/* SPDX-License-Identifier: MIT */

/* Security policies, as far as any agent takes them: one that allows all, and what holds beside it. A policy cannot be
 * taken back, so every case has an agent of its own. */

#include <string.h>

#include "base/base64.h"
#include "base/str.h"
#include "integration/guest/box.h"
#include "integration/guest/cases.h"

#define OPEN_DOOR "{\"allow_all\":true,\"containers\":{\"length\":0,\"elements\":{}}}"

/* The next case starts another agent. */
static void end(struct host *h) {
        host_hang_up(h);
        host_kill_agent(h);
}

/* Settings with a policy in Base64. Caller frees. */
static char *settings(const char *policy) {
        _cleanup_buf_ struct hcs_buf encoded = {0};

        hcs_base64_encode(policy, strlen(policy), &encoded);
        return hcs_asprintf("{\"EnforcerType\":\"\",\"EncodedSecurityPolicy\":\"%s\"}", hcs_buf_cstr(&encoded));
}

static void allow_all(struct host *h) {
        _cleanup_free_ char *policy = settings(OPEN_DOOR);

        host_modify(h, "Add", "SecurityPolicy", "%s", policy);
}

static void expect(struct host *h, const char *message, const char *part) {
        check(message && strstr(message, part), "%s is not in %s", part, message);
}

static void a_policy_is_set_once(struct host *h) {
        _cleanup_free_ char *policy = settings(OPEN_DOOR), *message = NULL;

        allow_all(h);
        message = host_modify_failing(h, "Add", "SecurityPolicy", "%s", policy);
        expect(h, message, "security policy has already been set");
        end(h);
}

static void a_policy_that_cannot_be_decoded_is_refused(struct host *h) {
        _cleanup_free_ char *message = host_modify_failing(
                h, "Add", "SecurityPolicy", "{\"EnforcerType\":\"\",\"EncodedSecurityPolicy\":\"?not base64?\"}");

        expect(h, message, "unable to decode policy from Base64 format");
        allow_all(h); /* nothing was set */
        end(h);
}

static void an_enforcer_that_is_none_is_refused(struct host *h) {
        free(host_modify_failing(h, "Add", "SecurityPolicy",
                                 "{\"EnforcerType\":\"a-wish\",\"EncodedSecurityPolicy\":\"e30=\"}"));
        end(h);
}

static void a_container_finds_its_policy(struct host *h) {
        _cleanup_buf_ struct hcs_buf encoded = {0};
        struct outcome o = {0};
        struct box b = {0};

        allow_all(h);
        box_init(&b, h, "[\"sh\",\"-c\",\"cat $UVM_SECURITY_CONTEXT_DIR/security-policy-base64\"]");
        box_run(&b, h, NULL, &o);
        hcs_base64_encode(OPEN_DOOR, strlen(OPEN_DOOR), &encoded);
        outcome_check(h, &o, 0, hcs_buf_cstr(&encoded));
        box_deinit(&b, h);
        end(h);
}

static void a_container_may_do_without_its_policy(struct host *h) {
        struct outcome o = {0};
        struct box b = {0};

        allow_all(h);
        box_init(&b, h, "[\"sh\",\"-c\",\"echo [$UVM_SECURITY_CONTEXT_DIR] /security-context-*\"]");
        box_set(&b, h, "annotations", "{\"io.microsoft.virtualmachine.lcow.securitypolicy.env\":\"false\"}");
        box_run(&b, h, NULL, &o);
        outcome_check(h, &o, 0, "[] /security-context-*\n");
        box_deinit(&b, h);
        end(h);
}

static void refuse(struct host *h, struct box *b, const char *part) {
        _cleanup_json_ struct hcs_json *answer = box_try_create(b, h);

        check(host_result(answer) == E_FAIL, "0x%08x", (unsigned)host_result(answer));
        expect(h, hcs_json_get_string(answer, "ErrorMessage"), part);
}

static void a_container_has_one_kind_of_id_and_one_place(struct host *h) {
        struct box b = {0};

        allow_all(h);
        box_init(&b, h, "[\"true\"]");
        box_set(&b, h, "root.path", "\"/run/elsewhere/rootfs\"");
        refuse(h, &b, "OCISpecification.Root.Path \"/run/elsewhere/rootfs\" must equal expected");
        free(b.bundle);
        b.bundle = hcs_strdup("/run/elsewhere");
        refuse(h, &b, "OCIBundlePath \"/run/elsewhere\" must equal expected");
        free(b.id);
        b.id = hcs_strdup("../../etc");
        refuse(h, &b, "invalid container id: ../../etc");
        box_deinit(&b, h);
        end(h);
}

static void a_container_brings_no_hooks(struct host *h) {
        struct box b = {0};

        allow_all(h);
        box_init(&b, h, "[\"true\"]");
        box_set(&b, h, "hooks", "{\"prestart\":[{\"path\":\"/bin/true\"}]}");
        refuse(h, &b, "OCISpecification.Hooks must be nil");
        box_deinit(&b, h);
        end(h);
}

#define CASE(name, fn) \
        { "policy: " name, NEEDS_OWN_AGENT | NEEDS_RUNTIME, fn }

static const struct test_case cases[] = {
        {"policy: a policy is set once", NEEDS_OWN_AGENT, a_policy_is_set_once},
        {"policy: a policy that cannot be decoded is refused", NEEDS_OWN_AGENT,
         a_policy_that_cannot_be_decoded_is_refused},
        {"policy: an enforcer that is none is refused", NEEDS_OWN_AGENT, an_enforcer_that_is_none_is_refused},
        CASE("a container finds its policy", a_container_finds_its_policy),
        CASE("a container may do without its policy", a_container_may_do_without_its_policy),
        CASE("a container has one kind of id and one place", a_container_has_one_kind_of_id_and_one_place),
        CASE("a container brings no hooks", a_container_brings_no_hooks),
};
const struct case_table policy_cases = {.cases = cases, .n = HCS_ARRAY_SIZE(cases)};
