/* SPDX-License-Identifier: MIT */

/*
 * What every export leaves in the register that it returns and in the places that it is given, called as a client calls
 * it that knows the platform's documentation and trusts nothing: by address, reading the whole register, with outputs
 * that hold what was there before.
 */

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "hcsshim/abi/vmcompute.h"
#include "mockhcs/mockhcs.h"
#include "mockhcs/real/signature.h"
#include "platform/abi_memory.h"
#include "platform/library.h"
#include "platform/thread.h"
#include "testing/hcs_test.h"

#define BEFORE ((uintptr_t)0x5a5a5a5a5a5a5a5a)

/* Every result as the register has it. */
typedef uint64_t(HCS_ABI_CALL *whole_function)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                                               uint64_t);

static struct mockhcs *mock;
static struct hcs_dynlib *libraries[MOCK_COMPUTESTORAGE + 1];

static int setup(void **state) {
        static const char *const firsts[] = {NULL, "HNSCall", "HcsCreateOperation", "HcnOpenNetwork",
                                             "HcsDestroyLayer"};

        for (int dll = MOCK_VMCOMPUTE; dll <= MOCK_COMPUTESTORAGE; dll++)
                if (!libraries[dll] && FAILED(hcs_library_load(NULL, mock_dll_name((enum mock_dll)dll), firsts[dll],
                                                               &libraries[dll], NULL)))
                        return 1;
        return FAILED(mockhcs_open("emulate", &mock, NULL));
}

static int teardown(void **state) {
        mock = mockhcs_close(mock);
        return 0;
}

static void *address_of(const struct signature *s) {
        void *address = hcs_dynlib_symbol(libraries[s->function->dll], s->function->name);

        if (!address)
                fail_msg("there is no %s", s->function->name);
        return address;
}

static uint64_t call(const struct signature *s, const uint64_t *a) {
        return ((whole_function)(uintptr_t)address_of(s))(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]);
}

static bool is_string(enum parameter_kind kind) {
        return kind == PARAMETER_DATA || kind == PARAMETER_FAILURE || kind == PARAMETER_ANSWER ||
               kind == PARAMETER_PATH;
}

static bool is_place(enum parameter_kind kind) {
        return is_string(kind) || kind == PARAMETER_CREATES || kind == PARAMETER_PROCESS_INFORMATION ||
               kind == PARAMETER_BOOLEAN || kind == PARAMETER_NAMED || kind == PARAMETER_LENGTH ||
               kind == PARAMETER_BUFFER || kind == PARAMETER_RANGE || kind == PARAMETER_COUNT ||
               kind == PARAMETER_ENTRIES;
}

static void assert_whole(const struct signature *s, uint64_t value) {
        if (s->returns == RETURNS_HRESULT && value >> 32)
                fail_msg("%s: %llx is more than an HRESULT", s->function->name, (unsigned long long)value);
}

/* Called with nothing, and with places for all that it gives. */
static void places_are_set_whatever_comes_of_it(void **state) {
        size_t n;
        const struct signature *s = signatures_get(&n);

        for (; n > 0; n--, s++) {
                uintptr_t places[SIGNATURE_MAX_PARAMS][8];
                uint64_t args[SIGNATURE_MAX_PARAMS] = {0}, value;
                unsigned strings = 0;

                memset(places, 0x5a, sizeof(places));
                for (unsigned i = 0; i < s->n; i++)
                        if (is_place(s->parameters[i].kind))
                                args[i] = (uintptr_t)places[i];
                for (unsigned i = 0; i < s->n; i++)
                        if (s->parameters[i].kind == PARAMETER_LENGTH)
                                places[i][0] = 0;
                value = call(s, args);
                assert_whole(s, value);
                for (unsigned i = 0; i < s->n; i++) {
                        if (!is_string(s->parameters[i].kind))
                                continue;
                        if (places[i][0] == BEFORE)
                                fail_msg("%s: parameter %u is what was there before", s->function->name, i);
                        if (places[i][0] && strings++)
                                fail_msg("%s: two strings", s->function->name);
                        hcs_abi_free((void *)places[i][0]);
                }
                for (unsigned i = 0; i < s->n; i++)
                        if (s->parameters[i].kind == PARAMETER_CREATES && FAILED((HRESULT)(uint32_t)value) &&
                            places[i][0])
                                fail_msg("%s: a handle of a call that failed", s->function->name);
                if (s->returns == RETURNS_OPERATION)
                        ((whole_function)(uintptr_t)hcs_dynlib_symbol(libraries[MOCK_COMPUTECORE],
                                                                      "HcsCloseOperation"))(value, 0, 0, 0, 0, 0, 0, 0);
        }
        assert_int_equal(mockhcs_leaks(mock, NULL), 0);
}

/* And with no place for anything. */
static void a_client_without_places_is_told_or_served(void **state) {
        size_t n;
        const struct signature *s = signatures_get(&n);

        for (; n > 0; n--, s++) {
                uint64_t args[SIGNATURE_MAX_PARAMS] = {0}, value;

                if (s->returns == RETURNS_OPERATION)
                        continue;
                value = call(s, args);
                assert_whole(s, value);
                for (unsigned i = 0; i < s->n; i++)
                        if (s->parameters[i].kind == PARAMETER_CREATES && SUCCEEDED((HRESULT)(uint32_t)value))
                                fail_msg("%s: made a handle that nobody has", s->function->name);
        }
        assert_int_equal(mockhcs_leaks(mock, NULL), 0);
}

struct heard {
        struct hcs_mutex lock;
        struct hcs_cond changed;
        uint64_t type, status;
        bool called;
};

/* As a client in Go hears it: every argument is a register. */
static void HCS_ABI_CALL hear(uint64_t type, void *context, uint64_t status, PCWSTR data) {
        struct heard *h = context;

        hcs_guard(&h->lock);
        if (h->called)
                return;
        h->type = type;
        h->status = status;
        h->called = true;
        hcs_cond_broadcast(&h->changed);
}

static const struct signature *vmcompute(const char *name) {
        size_t n;
        const struct signature *s = signatures_get(&n);

        while (n > 0 && (s->function->dll != MOCK_VMCOMPUTE || !hcs_streq(s->function->name, name)))
                n--, s++;
        assert_true(n > 0);
        return s;
}
#define CALL(name, ...) call(vmcompute(name), (const uint64_t[SIGNATURE_MAX_PARAMS]){__VA_ARGS__})
#define ARG(pointer)    ((uint64_t)(uintptr_t)(pointer))

static void a_callback_is_given_a_whole_status(void **state) {
        struct heard heard = {0};
        HCS_SYSTEM system = NULL;
        HCS_CALLBACK callback = NULL;
        struct hcs_error *err = NULL;

        mock = mockhcs_close(mock);
        assert_ok(mockhcs_open("faults=HcsCreateComputeSystem complete=0x80370109,emulate", &mock, &err), err);
        hcs_mutex_init(&heard.lock);
        hcs_cond_init(&heard.changed);
        assert_int_equal(CALL("HcsCreateComputeSystem", ARG(u"a"), ARG(u"{\"VirtualMachine\":{}}"), 0, ARG(&system), 0),
                         0xC0370103);
        assert_int_equal(CALL("HcsRegisterComputeSystemCallback", ARG(system), ARG(hear), ARG(&heard), ARG(&callback)),
                         0);
        hcs_mutex_lock(&heard.lock);
        while (!heard.called)
                hcs_cond_wait(&heard.changed, &heard.lock);
        hcs_mutex_unlock(&heard.lock);
        assert_int_equal(heard.type, HcsNotificationSystemCreateCompleted);
        assert_int_equal(heard.status, 0xC0370109);
        assert_int_equal(CALL("HcsUnregisterComputeSystemCallback", ARG(callback)), 0);
        assert_int_equal(CALL("HcsCloseComputeSystem", ARG(system)), 0);
        hcs_cond_deinit(&heard.changed);
        hcs_mutex_deinit(&heard.lock);
}

/* A rule that edits an answer leaves it one; and a client that wants no pending calls has none, however late they end.
 */
static void an_answer_stays_one_when_it_is_edited(void **state) {
        HCS_SYSTEM system = NULL, second = NULL;
        struct hcs_error *err = NULL;

        mock = mockhcs_close(mock);
        assert_ok(mockhcs_open("faults=HcsCreateComputeSystem shuffle,emulate", &mock, &err), err);
        assert_int_equal(CALL("HcsCreateComputeSystem", ARG(u"a"), ARG(u"{\"VirtualMachine\":{}}"), 0, ARG(&system), 0),
                         0xC0370103);
        assert_int_equal(CALL("HcsCreateComputeSystem", ARG(u"a"), ARG(u"{\"VirtualMachine\":{}}"), 0, ARG(&second), 0),
                         0xC037010F);
        assert_int_equal(CALL("HcsCloseComputeSystem", ARG(system)), 0);
        mock = mockhcs_close(mock);
        assert_ok(mockhcs_open("pending=no,emulate,delay=20", &mock, &err), err);
        assert_int_equal(CALL("HcsCreateComputeSystem", ARG(u"a"), ARG(u"{\"VirtualMachine\":{}}"), 0, ARG(&system), 0),
                         0);
        assert_int_equal(CALL("HcsStartComputeSystem", ARG(system), ARG(u""), 0), 0);
        assert_int_equal(CALL("HcsStartComputeSystem", ARG(system), ARG(u""), 0), 0xC0370105);
        assert_int_equal(CALL("HcsCloseComputeSystem", ARG(system)), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

HCS_TESTS(TEST(places_are_set_whatever_comes_of_it), TEST(a_client_without_places_is_told_or_served),
          TEST(a_callback_is_given_a_whole_status), TEST(an_answer_stays_one_when_it_is_edited))
