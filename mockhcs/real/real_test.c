/* SPDX-License-Identifier: MIT */

/*
 * The recorder of the platform's DLLs in front of our own, which play those: what it writes is what the layer `record'
 * writes of the same calls, and what the client sees is what it sees without it.
 */

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "hcsshim/abi/vmcompute.h"
#include "mockhcs/real/kept.h"
#include "mockhcs/test/recorded.h"
#include "platform/abi_memory.h"
#include "platform/thread.h"

/* Numbers of handles are given to failed calls here, and not there. */
static bool same_text(const struct mock_value *a, const struct mock_value *b) {
        if (a->kind == MOCK_HANDLE)
                return hcs_streq(a->text, "invalid") == hcs_streq(b->text, "invalid");
        return hcs_streq(a->text ? a->text : "", b->text ? b->text : "");
}

static void assert_same_values(const char *function, const struct mock_record *a, const struct mock_record *b) {
        if (a->n_args != b->n_args)
                fail_msg("%s: %zu values instead of %zu", function, a->n_args, b->n_args);
        for (size_t i = 0; i < a->n_args; i++) {
                const struct mock_value *x = &a->args[i], *y = &b->args[i];

                if (!hcs_streq(x->name, y->name) || x->kind != y->kind || x->number != y->number || !same_text(x, y))
                        fail_msg("%s: %s is `%s` (%llu), and %s is `%s` (%llu)", function, x->name, x->text,
                                 (unsigned long long)x->number, y->name, y->text, (unsigned long long)y->number);
        }
}

/* What every parameter may point to. */
struct pointed {
        uint64_t out[16]; /* one place for each out pointer; a structure fits in the last eight */
        WCHAR buffer[512];
        size_t length;
        HCS_DRIVER_INFO home;
        HCS_LAYER_DESCRIPTOR layer;
        GUID guid;
};

static void HCS_ABI_CALL on_anything(void) {
}

static uint64_t plausible(const struct parameter *p, unsigned i, struct pointed *to) {
        switch (p->kind) {
        case PARAMETER_TEXT:
                return ARG(u"text");
        case PARAMETER_LAYER_ID:
                return ARG(u"layer");
        case PARAMETER_DOCUMENT:
                return ARG(u"{\"a\": 1}");
        case PARAMETER_GUID:
                return ARG(&to->guid);
        case PARAMETER_NUMBER:
                return 7;
        case PARAMETER_EVENTS:
        case PARAMETER_NOTIFICATIONS:
        case PARAMETER_COMPLETION:
                return ARG(on_anything);
        case PARAMETER_HOME:
                return ARG(&to->home);
        case PARAMETER_LAYERS:
                return ARG(&to->layer);
        case PARAMETER_SKIPPED:
                return p->name || i == 0 ? 0 : 1; /* a count, too */
        case PARAMETER_LENGTH:
                return ARG(&to->length);
        case PARAMETER_BUFFER:
                return ARG(to->buffer);
        case PARAMETER_PROCESS_INFORMATION:
                return ARG(&to->out[8]);
        case PARAMETER_HANDLE:
        case PARAMETER_OPERATION:
        case PARAMETER_DISK:
        case PARAMETER_CONTEXT:
                return 0;
        default:
                return ARG(&to->out[i]);
        }
}

static void call_plausibly(struct world *w, const struct signature *s) {
        struct pointed to = {.home = {.Flavour = 1, .HomeDir = u"C:\\home"},
                             .layer = {.Path = u"C:\\below"},
                             .length = 512,
                             .guid = {.Data1 = 7}};
        uint64_t args[SIGNATURE_MAX_PARAMS];

        for (unsigned i = 0; i < s->n; i++)
                args[i] = plausible(&s->parameters[i], i, &to);
        call(w, s, args);
        for (unsigned i = 0; i < s->n; i++)
                if (s->parameters[i].kind == PARAMETER_DATA || s->parameters[i].kind == PARAMETER_FAILURE ||
                    s->parameters[i].kind == PARAMETER_ANSWER || s->parameters[i].kind == PARAMETER_PATH ||
                    s->parameters[i].kind == PARAMETER_ENTRIES)
                        hcs_abi_free((void *)(uintptr_t)to.out[i]);
}

/* The layer writes what it is told of a failure, also when the client has no place for it. */
static bool tells_failures(enum mock_dll dll, const char *function) {
        const struct signature *s = signature(dll, function);

        return signature_find(s, PARAMETER_FAILURE) >= 0 || signature_find(s, PARAMETER_ANSWER) >= 0;
}

static void every_function_is_written_as_the_layer_writes_it(void **state) {
        size_t n, called = 0;
        const struct signature *s = signatures_get(&n);
        struct lines a, b, mine;
        struct world w;

        open_world(&w, (struct real_recorder_options){0});
        for (size_t i = 0; i < n; i++)
                call_plausibly(&w, &s[i]);
        a = read_lines(w.ours, MOCK_RECORD_CALL);
        b = read_lines(w.theirs, MOCK_RECORD_CALL);
        for (; called < a.n && called < b.n; called++) {
                if (!hcs_streq(a.items[called].function, b.items[called].function))
                        fail_msg("%s instead of %s", a.items[called].function, b.items[called].function);
                assert_int_equal(a.items[called].dll, b.items[called].dll);
                assert_same_values(a.items[called].function, &a.items[called], &b.items[called]);
        }
        assert_int_equal(a.n, b.n);
        free_lines(&b);
        mine = read_lines(w.ours, MOCK_RECORD_RETURN);
        assert_int_equal(a.n, mine.n);
        b = read_lines(w.theirs, MOCK_RECORD_RETURN);
        for (size_t i = 0; i < b.n; i++) {
                if (mine.items[i].hr != b.items[i].hr)
                        fail_msg("%s: 0x%08X instead of 0x%08X", a.items[i].function, (unsigned)mine.items[i].hr,
                                 (unsigned)b.items[i].hr);
                if (SUCCEEDED(b.items[i].hr) || tells_failures(a.items[i].dll, a.items[i].function))
                        assert_same_values(a.items[i].function, &mine.items[i], &b.items[i]);
        }
        free_lines(&mine);
        free_lines(&a);
        free_lines(&b);
        close_world(&w);
}

static void every_export_has_a_signature(void **state) {
        size_t n, n_functions;
        const struct signature *s = signatures_get(&n);
        const struct mock_function *f = mock_functions(&n_functions);

        for (size_t i = 0; i < n_functions; i++) {
                bool found = f[i].flags & MOCK_UNRECORDED;

                for (size_t j = 0; j < n && !found; j++)
                        found = s[j].function == &f[i];
                if (!found)
                        fail_msg("%s has none", f[i].name);
        }
}

/* A client that waits for one thing. */
struct waiter {
        struct hcs_mutex lock;
        struct hcs_cond changed;
        bool heard;
        void *context, *asked;
        DWORD type;
        struct world *w;
};

static void waiter_init(struct waiter *t, struct world *w) {
        *t = (struct waiter){.w = w};
        hcs_mutex_init(&t->lock);
        hcs_cond_init(&t->changed);
}

static void hear(struct waiter *t) {
        hcs_guard(&t->lock);
        t->heard = true;
        hcs_cond_broadcast(&t->changed);
}

static void await(struct waiter *t) {
        hcs_guard(&t->lock);
        while (!t->heard)
                hcs_cond_wait(&t->changed, &t->lock);
        t->heard = false;
}

static void waiter_deinit(struct waiter *t) {
        hcs_cond_deinit(&t->changed);
        hcs_mutex_deinit(&t->lock);
}

static void HCS_ABI_CALL on_completion(HCS_OPERATION operation, void *context) {
        struct waiter *t = context;

        t->asked = (void *)(uintptr_t)CALL(t->w, COMPUTECORE, "HcsGetOperationContext", ARG(operation));
        hear(t);
}

static void HCS_ABI_CALL on_notification(DWORD type, void *context, HRESULT status, PCWSTR data) {
        struct waiter *t = context;

        t->type = type;
        hear(t);
}

static void a_result_that_nobody_asks_for_is_written_when_the_operation_is_closed(void **state) {
        HCS_OPERATION op;
        HCS_SYSTEM system;
        struct lines done;
        struct world w;

        system = open_with_system(&w, (struct real_recorder_options){0});
        op = new_operation(&w);
        CALL(&w, COMPUTECORE, "HcsGetComputeSystemProperties", ARG(system), ARG(op), 0);
        mockhcs_drain(w.mock);
        CALL(&w, COMPUTECORE, "HcsCloseOperation", ARG(op));
        done = read_lines(w.ours, MOCK_RECORD_COMPLETE);
        assert_int_equal(done.n, 2);
        assert_string_equal(done.items[1].subject, "operation/2");
        assert_non_null(strstr(done.items[1].result.text, "\"Owner\":\"real\""));
        free_lines(&done);
        CALL(&w, COMPUTECORE, "HcsCloseComputeSystem", ARG(system));
        close_world(&w);
}

static void the_document_of_a_refusal_is_in_its_return(void **state) {
        HCS_OPERATION op;
        HCS_SYSTEM system;
        struct lines done;
        struct world w;

        system = open_with_system(&w, (struct real_recorder_options){0});
        op = new_operation(&w);
        assert_hresult(CALL(&w, COMPUTECORE, "HcsPauseComputeSystem", ARG(system), ARG(op), 0), HCS_E_INVALID_STATE);
        done = read_lines(w.ours, MOCK_RECORD_RETURN);
        assert_int_equal(done.items[done.n - 1].n_args, 1);
        assert_string_equal(done.items[done.n - 1].args[0].name, "result");
        free_lines(&done);
        CALL(&w, COMPUTECORE, "HcsCloseOperation", ARG(op));
        CALL(&w, COMPUTECORE, "HcsCloseComputeSystem", ARG(system));
        close_world(&w);
}

/* In place of the platform, which here fails everything with E_INVALIDARG and has a document for it. */
static uint64_t HCS_ABI_CALL refuse_with_document(void *operation, PWSTR *document) {
        static const WCHAR text[] = u"{\"Error\":-2147024809}";

        if (document)
                *document = memcpy(hcs_abi_alloc(sizeof(text)), text, sizeof(text));
        return (uint32_t)E_INVALIDARG;
}

static uint64_t HCS_ABI_CALL refuse(void) {
        return (uint32_t)E_INVALIDARG;
}

static void fail_results(struct world *w) {
        real_recorder_learn(w->recorder, signature(MOCK_COMPUTECORE, "HcsGetOperationResult"),
                            (void *)(uintptr_t)refuse_with_document);
}

static void a_bad_argument_can_be_the_result_of_an_operation(void **state) {
        HCS_OPERATION op;
        HCS_SYSTEM system;
        PWSTR document = NULL;
        struct lines done;
        struct world w;

        system = open_with_system(&w, (struct real_recorder_options){0});
        fail_results(&w);
        for (int closed = 0; closed < 2; closed++) { /* told by the client, and at the end */
                op = new_operation(&w);
                CALL(&w, COMPUTECORE, "HcsGetComputeSystemProperties", ARG(system), ARG(op), 0);
                if (!closed)
                        real_recorder_call(w.recorder, signature(MOCK_COMPUTECORE, "HcsGetOperationResult"),
                                           (const uint64_t[]){ARG(op), ARG(&document)},
                                           (void *)(uintptr_t)refuse_with_document);
                CALL(&w, COMPUTECORE, "HcsCloseOperation", ARG(op));
        }
        done = read_lines(w.ours, MOCK_RECORD_COMPLETE);
        assert_int_equal(done.n, 3);
        for (size_t i = 1; i < done.n; i++) {
                assert_hresult(done.items[i].hr, E_INVALIDARG);
                assert_string_equal(done.items[i].result.text, "{\"Error\":-2147024809}");
        }
        free_lines(&done);
        hcs_abi_free(document);
        CALL(&w, COMPUTECORE, "HcsCloseComputeSystem", ARG(system));
        close_world(&w);
}

static void the_document_of_a_bad_argument_is_in_its_return(void **state) {
        HCS_OPERATION op;
        HCS_SYSTEM system;
        struct lines done;
        struct world w;

        system = open_with_system(&w, (struct real_recorder_options){0});
        fail_results(&w);
        op = new_operation(&w);
        assert_hresult(real_recorder_call(w.recorder, signature(MOCK_COMPUTECORE, "HcsPauseComputeSystem"),
                                          (const uint64_t[]){ARG(system), ARG(op), 0}, (void *)(uintptr_t)refuse),
                       E_INVALIDARG);
        done = read_lines(w.ours, MOCK_RECORD_RETURN);
        assert_int_equal(done.items[done.n - 1].n_args, 1);
        assert_string_equal(done.items[done.n - 1].args[0].text, "{\"Error\":-2147024809}");
        free_lines(&done);
        CALL(&w, COMPUTECORE, "HcsCloseOperation", ARG(op));
        CALL(&w, COMPUTECORE, "HcsCloseComputeSystem", ARG(system));
        close_world(&w);
}

static void a_client_without_a_place_for_process_information_hears_of_that_and_not_of_the_result(void **state) {
        const struct signature *ask = signature(MOCK_COMPUTECORE, "HcsGetOperationResultAndProcessInfo");
        HCS_PROCESS_INFORMATION info = {0};
        HCS_OPERATION op;
        HCS_SYSTEM system;
        struct lines done;
        struct world w;

        system = open_with_system(&w, (struct real_recorder_options){0});
        op = new_operation(&w);
        CALL(&w, COMPUTECORE, "HcsGetComputeSystemProperties", ARG(system), ARG(op), 0);
        real_recorder_call(w.recorder, ask, (const uint64_t[]){ARG(op), 0, 0}, (void *)(uintptr_t)refuse);
        done = read_lines(w.ours, MOCK_RECORD_COMPLETE);
        assert_int_equal(done.n, 1);
        free_lines(&done);
        real_recorder_call(w.recorder, ask, (const uint64_t[]){ARG(op), ARG(&info), 0}, (void *)(uintptr_t)refuse);
        done = read_lines(w.ours, MOCK_RECORD_COMPLETE);
        assert_int_equal(done.n, 2);
        assert_hresult(done.items[1].hr, E_INVALIDARG);
        free_lines(&done);
        CALL(&w, COMPUTECORE, "HcsCloseOperation", ARG(op));
        CALL(&w, COMPUTECORE, "HcsCloseComputeSystem", ARG(system));
        close_world(&w);
}

static void the_context_of_an_operation_is_the_clients(void **state) {
        HCS_SYSTEM system;
        HCS_OPERATION op;
        struct waiter t;
        struct lines done;
        struct world w;

        open_world(&w, (struct real_recorder_options){0});
        waiter_init(&t, &w);
        system = create_and_close(&w);
        op = (HCS_OPERATION)(uintptr_t)CALL(&w, COMPUTECORE, "HcsCreateOperation", ARG(&t), ARG(on_completion));
        CALL(&w, COMPUTECORE, "HcsStartComputeSystem", ARG(system), ARG(op), 0);
        await(&t);
        assert_ptr_equal(t.asked, &t);
        done = read_lines(w.ours, MOCK_RECORD_COMPLETE);
        assert_int_equal(done.n, 2); /* before the client was called */
        free_lines(&done);
        CALL(&w, COMPUTECORE, "HcsCloseOperation", ARG(op));

        op = (HCS_OPERATION)(uintptr_t)CALL(&w, COMPUTECORE, "HcsCreateOperationWithNotifications", 1, ARG(&t),
                                            ARG(on_anything));
        assert_ptr_equal((void *)(uintptr_t)CALL(&w, COMPUTECORE, "HcsGetOperationContext", ARG(op)), &t);
        CALL(&w, COMPUTECORE, "HcsSetOperationContext", ARG(op), ARG(&w));
        assert_ptr_equal((void *)(uintptr_t)CALL(&w, COMPUTECORE, "HcsGetOperationContext", ARG(op)), &w);
        CALL(&w, COMPUTECORE, "HcsCloseOperation", ARG(op));
        CALL(&w, COMPUTECORE, "HcsCloseComputeSystem", ARG(system));
        waiter_deinit(&t);
        close_world(&w);
}

static void a_notification_completes_the_call_of_vmcompute(void **state) {
        HCS_CALLBACK registration = NULL;
        HCS_SYSTEM system = NULL;
        PWSTR result = NULL;
        struct lines done;
        struct waiter t;
        struct world w;

        open_world(&w, (struct real_recorder_options){0});
        waiter_init(&t, &w);
        assert_int_equal(
                CALL(&w, VMCOMPUTE, "HcsCreateComputeSystem", ARG(u"real"), ARG(VM), 0, ARG(&system), ARG(&result)),
                0xC0370103); /* the whole register */
        CALL(&w, VMCOMPUTE, "HcsRegisterComputeSystemCallback", ARG(system), ARG(on_notification), ARG(&t),
             ARG(&registration));
        await(&t);
        assert_int_equal(t.type, HcsNotificationSystemCreateCompleted);
        CALL(&w, VMCOMPUTE, "HcsTerminateComputeSystem", ARG(system), 0, ARG(&result));
        await(&t);
        assert_int_equal(t.type, HcsNotificationSystemExited);
        done = read_lines(w.ours, MOCK_RECORD_COMPLETE);
        assert_int_equal(done.n, 1);
        assert_string_equal(done.items[0].subject, "call/1");
        free_lines(&done);
        done = read_lines(w.ours, MOCK_RECORD_EVENT);
        assert_int_equal(done.n, 1);
        assert_string_equal(done.items[0].event, "SystemExited");
        assert_string_equal(done.items[0].subject, "system/1");
        free_lines(&done);
        CALL(&w, VMCOMPUTE, "HcsUnregisterComputeSystemCallback", ARG(registration));
        CALL(&w, VMCOMPUTE, "HcsCloseComputeSystem", ARG(system));
        waiter_deinit(&t);
        close_world(&w);
}

/* A platform that tells of the exit while the handle is closed. */
static HCS_EVENT_CALLBACK their_callback;
static void *their_context;

static uint64_t HCS_ABI_CALL take_callback(void *system, DWORD options, void *context, HCS_EVENT_CALLBACK callback) {
        their_callback = callback;
        their_context = context;
        return S_OK;
}

static void HCS_ABI_CALL close_with_exit(void *system) {
        HCS_EVENT event = {.Type = HcsEventSystemExited, .EventData = u"{\"Status\":0}"};

        their_callback(&event, their_context);
        their_callback(&event, their_context);
}

static void HCS_ABI_CALL on_event(HCS_EVENT *event, void *context) {
        ++*(unsigned *)context;
}

static void an_exit_that_is_heard_while_its_handle_is_closed_is_written_once(void **state) {
        const struct signature *set = signature(MOCK_COMPUTECORE, "HcsSetComputeSystemCallback");
        const struct signature *closing = signature(MOCK_COMPUTECORE, "HcsCloseComputeSystem");
        struct lines events;
        HCS_SYSTEM system;
        unsigned heard = 0;
        struct world w;

        system = open_with_system(&w, (struct real_recorder_options){0});
        assert_int_equal(real_recorder_call(w.recorder, set,
                                            (const uint64_t[]){ARG(system), 0, ARG(&heard), ARG(on_event)},
                                            (void *)(uintptr_t)take_callback),
                         S_OK);
        real_recorder_call(w.recorder, closing, (const uint64_t[]){ARG(system)}, (void *)(uintptr_t)close_with_exit);
        assert_int_equal(heard, 2); /* what the client hears is the platform's business */
        events = read_lines(w.ours, MOCK_RECORD_EVENT);
        assert_int_equal(events.n, 1);
        assert_string_equal(events.items[0].event, "SystemExited");
        assert_string_equal(events.items[0].subject, "system/1");
        free_lines(&events);
        ((void(HCS_ABI_CALL *)(HCS_SYSTEM))(uintptr_t)real_of(&w, closing))(system);
        close_world(&w);
}

static void HCS_ABI_CALL close_silently(void *system) {
}

/* A platform that calls back when the handle is closed already. */
static void an_event_that_comes_late_is_heard_and_not_written(void **state) {
        const struct signature *set = signature(MOCK_COMPUTECORE, "HcsSetComputeSystemCallback");
        const struct signature *closing = signature(MOCK_COMPUTECORE, "HcsCloseComputeSystem");
        HCS_EVENT event = {.Type = HcsEventSystemExited, .EventData = u"{\"Status\":0}"};
        struct lines events;
        HCS_SYSTEM system;
        unsigned heard = 0;
        struct world w;

        system = open_with_system(&w, (struct real_recorder_options){0});
        real_recorder_call(w.recorder, set, (const uint64_t[]){ARG(system), 0, ARG(&heard), ARG(on_event)},
                           (void *)(uintptr_t)take_callback);
        real_recorder_call(w.recorder, closing, (const uint64_t[]){ARG(system)}, (void *)(uintptr_t)close_silently);
        their_callback(&event, their_context);
        assert_int_equal(heard, 1);
        events = read_lines(w.ours, MOCK_RECORD_EVENT);
        assert_int_equal(events.n, 0);
        free_lines(&events);
        ((void(HCS_ABI_CALL *)(HCS_SYSTEM))(uintptr_t)real_of(&w, closing))(system);
        close_world(&w);
}

#define AN_OPERATION 0x7770

static HCS_OPERATION_COMPLETION their_completion;

static uint64_t HCS_ABI_CALL take_completion(void *context, HCS_OPERATION_COMPLETION completion) {
        their_completion = completion;
        their_context = context;
        return AN_OPERATION;
}

static uint64_t HCS_ABI_CALL succeed(void) {
        return S_OK;
}

static void HCS_ABI_CALL count_completion(HCS_OPERATION operation, void *context) {
        assert_int_equal((uintptr_t)operation, AN_OPERATION);
        ++*(unsigned *)context;
}

/* Made, started and closed at once, as who does not care for the result does it. */
static void make_start_and_close(struct world *w, HCS_SYSTEM system, unsigned *heard) {
        real_recorder_call(w->recorder, signature(MOCK_COMPUTECORE, "HcsCreateOperation"),
                           (const uint64_t[]){ARG(heard), ARG(count_completion)}, (void *)(uintptr_t)take_completion);
        real_recorder_call(w->recorder, signature(MOCK_COMPUTECORE, "HcsStartComputeSystem"),
                           (const uint64_t[]){ARG(system), AN_OPERATION, 0}, (void *)(uintptr_t)succeed);
        real_recorder_call(w->recorder, signature(MOCK_COMPUTECORE, "HcsCloseOperation"),
                           (const uint64_t[]){AN_OPERATION}, (void *)(uintptr_t)close_silently);
}

static void a_completion_that_comes_late_is_heard(void **state) {
        unsigned first = 0, second = 0;
        HCS_SYSTEM system;
        struct world w;

        system = open_with_system(&w, (struct real_recorder_options){0});
        make_start_and_close(&w, system, &first);
        their_completion((HCS_OPERATION)AN_OPERATION, their_context);
        assert_int_equal(first, 1);
        make_start_and_close(&w, system, &second); /* the same value for another */
        their_completion((HCS_OPERATION)AN_OPERATION, their_context);
        assert_int_equal(first, 1);
        assert_int_equal(second, 1);
        CALL(&w, COMPUTECORE, "HcsCloseComputeSystem", ARG(system));
        close_world(&w);
}

static uint64_t HCS_ABI_CALL fail_at_once(void) {
        return (uint32_t)E_FAIL;
}

static void a_string_that_the_platform_leaves_alone_is_no_answer(void **state) {
        static const char *const functions[] = {"HcsGetServiceProperties", "HcsModifyServiceSettings"};
        const PWSTR before = (PWSTR)(uintptr_t)0x10; /* nobody's memory */
        struct lines returns;
        struct world w;

        open_world(&w, (struct real_recorder_options){0});
        for (size_t i = 0; i < HCS_ARRAY_SIZE(functions); i++) {
                PWSTR text = before;

                assert_int_equal(real_recorder_call(w.recorder, signature(MOCK_COMPUTECORE, functions[i]),
                                                    (const uint64_t[]){ARG(u"{}"), ARG(&text)},
                                                    (void *)(uintptr_t)fail_at_once),
                                 (uint32_t)E_FAIL);
                assert_ptr_equal(text, before);
        }
        returns = read_lines(w.ours, MOCK_RECORD_RETURN);
        assert_int_equal(returns.n, 2);
        assert_int_equal(returns.items[0].n_args, 0);
        free_lines(&returns);
        close_world(&w);
}

static void a_trace_that_cannot_be_written_stops_nobody(void **state) {
        HCS_SYSTEM system;
        struct world w;

        system = open_with_system(&w, (struct real_recorder_options){.path = "/no/such/folder/x.trace"});
        assert_non_null(system);
        CALL(&w, COMPUTECORE, "HcsCloseComputeSystem", ARG(system));
        close_world(&w);
}

static void a_callback_that_is_gone_is_told_from_the_next(void **state) {
        struct kept_table t = {0};
        uint32_t first = hearing_add(&t, &(struct hearing){.context = state}), second;
        void *context = hearing_context(&t, first);

        assert_ptr_equal(hearing_find(&t, context)->context, state);
        hearing_remove(&t, first);
        assert_null(hearing_find(&t, context));
        for (unsigned i = 0; i < KEPT_GONE; i++)
                hearing_remove(&t, hearing_add(&t, &(struct hearing){0}));
        assert_ptr_equal(hearing_of(&t, context)->context, state);
        second = hearing_add(&t, &(struct hearing){.context = &t});
        assert_int_equal(second, first);
        assert_null(hearing_find(&t, context));
        assert_null(hearing_of(&t, context));
        assert_ptr_equal(hearing_find(&t, hearing_context(&t, second))->context, &t);
        kept_deinit(&t);
}

HCS_TESTS(cmocka_unit_test(every_export_has_a_signature),
          cmocka_unit_test(every_function_is_written_as_the_layer_writes_it),
          cmocka_unit_test(a_result_that_nobody_asks_for_is_written_when_the_operation_is_closed),
          cmocka_unit_test(the_document_of_a_refusal_is_in_its_return),
          cmocka_unit_test(a_bad_argument_can_be_the_result_of_an_operation),
          cmocka_unit_test(the_document_of_a_bad_argument_is_in_its_return),
          cmocka_unit_test(a_client_without_a_place_for_process_information_hears_of_that_and_not_of_the_result),
          cmocka_unit_test(the_context_of_an_operation_is_the_clients),
          cmocka_unit_test(a_notification_completes_the_call_of_vmcompute),
          cmocka_unit_test(an_exit_that_is_heard_while_its_handle_is_closed_is_written_once),
          cmocka_unit_test(an_event_that_comes_late_is_heard_and_not_written),
          cmocka_unit_test(a_completion_that_comes_late_is_heard),
          cmocka_unit_test(a_string_that_the_platform_leaves_alone_is_no_answer),
          cmocka_unit_test(a_trace_that_cannot_be_written_stops_nobody),
          cmocka_unit_test(a_callback_that_is_gone_is_told_from_the_next))
