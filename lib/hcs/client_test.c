/* SPDX-License-Identifier: MIT */

/* The client over both APIs, against the emulator behind libcomputecore and libvmcompute. */

#include "base/mem.h"
#include "hcsshim/hcs.h"
#include "mockhcs/mockhcs.h"
#include "platform/thread.h"
#include "testing/hcs_test.h"

#define VM "{\"Owner\":\"t\",\"VirtualMachine\":{}}"

static struct mockhcs *mock;
static struct hcs_client *client;

static int open_with(enum hcs_api api) {
        if (FAILED(mockhcs_open("emulate", &mock, NULL)))
                return 1;
        return FAILED(hcs_client_open(&(struct hcs_client_options){.api = api}, &client, NULL));
}

static int setup_core(void **state) {
        return open_with(HCS_API_COMPUTECORE);
}

static int setup_vm(void **state) {
        return open_with(HCS_API_VMCOMPUTE);
}

static int teardown(void **state) {
        client = hcs_client_unref(client);
        mock = mockhcs_close(mock);
        return 0;
}

static struct hcs_system *running(void) {
        struct hcs_system *s = NULL;
        struct hcs_error *err = NULL;

        assert_ok(hcs_system_create(client, "a", VM, NULL, &s, &err), err);
        assert_ok(hcs_system_start(s, NULL, NULL, &err), err);
        return s;
}

static void a_system_is_known_after_create(void **state) {
        struct hcs_system *s = running();
        GUID id;

        assert_string_equal(hcs_system_type(s), "VirtualMachine");
        assert_string_equal(hcs_system_os(s), "windows");
        assert_string_equal(hcs_system_owner(s), "t");
        assert_true(hcs_system_runtime_id(s, &id));
        hcs_system_unref(s);
}

static void shutdown_leads_to_an_expected_exit(void **state) {
        struct hcs_system *s = running();
        struct hcs_error *err = NULL;

        assert_ok(hcs_system_shutdown(s, NULL, &err), err);
        assert_ok(hcs_system_wait(s, NULL, &err), err);
        assert_ok(hcs_system_exit_error(s, &err), err);
        assert_ok(hcs_system_terminate(s, NULL, &err), err); /* already stopped is fine */
        hcs_system_unref(s);
}

static void pause_save_and_resume_keep_their_order(void **state) {
        struct hcs_system *s = running();
        struct hcs_error *err = NULL;

        assert_hresult(hcs_system_save(s, "{\"SaveType\":\"AsTemplate\"}", NULL, NULL) & 0xffff,
                       HCS_E_INVALID_STATE & 0xffff);
        assert_ok(hcs_system_pause(s, NULL, NULL, &err), err);
        assert_true(hcs_is_invalid_state(hcs_system_pause(s, NULL, NULL, NULL)));
        assert_ok(hcs_system_resume(s, NULL, NULL, &err), err);
        hcs_system_unref(s);
}

static void a_process_talks_and_tells_its_exit_code(void **state) {
        struct hcs_system *s = running();
        struct hcs_process *p = NULL;
        struct hcs_error *err = NULL;
        char buf[64];
        uint32_t code = 0;
        size_t n = 0;

        assert_ok(hcs_process_create(s, "{\"CommandLine\":\"cmd\",\"CreateStdInPipe\":true,\"CreateStdOutPipe\":true}",
                                     NULL, &p, &err),
                  err);
        assert_ok(hcs_process_write(p, "echo hi\nexit 9\n", 15, &err), err);
        assert_ok(hcs_process_read(p, HCS_STDOUT, buf, sizeof(buf), &n, &err), err);
        assert_memory_equal(buf, "hi\r\n", 4);
        assert_hresult(hcs_process_read(p, HCS_STDOUT, buf, sizeof(buf), &n, &err), S_FALSE);
        assert_ok(hcs_process_wait(p, NULL, &code, &err), err);
        assert_int_equal(code, 9);
        hcs_process_unref(p);
        hcs_system_unref(s);
}

static void read_to_the_end(void *arg) {
        char buf[64];
        size_t n;

        while (hcs_process_read(arg, HCS_STDOUT, buf, sizeof(buf), &n, NULL) == S_OK)
                ;
}

static void what_was_written_before_stdin_is_closed_arrives(void **state) {
        static const size_t sizes[] = {1, 5000, 60000};
        struct hcs_system *s = running();

        for (size_t i = 0; i < HCS_ARRAY_SIZE(sizes); i++) {
                _cleanup_free_ char *data = hcs_calloc(1, sizes[i]);
                struct hcs_process *p = NULL;
                size_t n, total = 0;
                char buf[4096];

                assert_ok(hcs_process_create(
                                  s, "{\"CommandLine\":\"cat\",\"CreateStdInPipe\":true,\"CreateStdOutPipe\":true}",
                                  NULL, &p, NULL),
                          NULL);
                assert_ok(hcs_process_write(p, data, sizes[i], NULL), NULL);
                assert_ok(hcs_process_close_stdin(p, NULL, NULL), NULL);
                while (hcs_process_read(p, HCS_STDOUT, buf, sizeof(buf), &n, NULL) == S_OK)
                        total += n;
                assert_int_equal(total, sizes[i]);
                assert_ok(hcs_process_wait(p, NULL, NULL, NULL), NULL);
                hcs_process_unref(p);
        }
        hcs_system_unref(s);
}

static void closing_a_process_leaves_a_reader_its_pipe(void **state) {
        struct hcs_system *s = running();
        struct hcs_process *p = NULL;
        struct hcs_thread reader;

        assert_ok(hcs_process_create(s, "{\"CommandLine\":\"ping -t localhost\",\"CreateStdOutPipe\":true}", NULL, &p,
                                     NULL),
                  NULL);
        assert_ok(hcs_thread_start(&reader, read_to_the_end, p, NULL), NULL);
        assert_ok(hcs_process_close(p, NULL), NULL);
        assert_ok(hcs_system_terminate(s, NULL, NULL), NULL); /* ends the stream */
        hcs_thread_join(&reader);
        hcs_process_unref(p);
        hcs_system_unref(s);
}

static void kill_ends_a_process_through_fresh_handles(void **state) {
        struct hcs_system *s = running();
        struct hcs_process *p = NULL;
        struct hcs_error *err = NULL;
        bool delivered = false;
        uint32_t code = 0;

        assert_ok(hcs_process_create(s, "{\"CommandLine\":\"ping -t localhost\"}", NULL, &p, &err), err);
        assert_hresult(hcs_process_exit_code(p, &code, NULL), HCS_E_INVALID_STATE);
        assert_ok(hcs_process_kill(p, NULL, &delivered, &err), err);
        assert_true(delivered);
        assert_ok(hcs_process_wait(p, NULL, &code, &err), err);
        assert_int_equal(code, 1067);
        assert_ok(hcs_process_kill(p, NULL, &delivered, &err), err);
        hcs_process_unref(p);
        hcs_system_unref(s);
}

static void a_wait_ends_in_time_and_by_cancelling(void **state) {
        struct hcs_cancel *cancel = hcs_cancel_new();
        struct hcs_system *s = running();

        assert_hresult(hcs_system_wait(s, &(struct hcs_call){.timeout_ms = 1}, NULL), HCS_E_OPERATION_TIMEOUT);
        hcs_cancel_set(cancel);
        assert_hresult(hcs_system_wait(s, &(struct hcs_call){.cancel = cancel}, NULL), E_ABORT);
        hcs_cancel_unref(cancel);
        hcs_system_unref(s);
}

static void open_often(void *arg) {
        for (int i = 0; i < 50; i++) {
                struct hcs_system *s = NULL;

                assert_ok(hcs_system_open(client, "a", NULL, &s, NULL), NULL);
                assert_string_equal(hcs_system_owner(s), "t");
                hcs_system_unref(s);
        }
}

static void several_threads_open_one_system(void **state) {
        struct hcs_system *s = running();
        struct hcs_thread threads[4];

        for (size_t i = 0; i < HCS_ARRAY_SIZE(threads); i++)
                assert_ok(hcs_thread_start(&threads[i], open_often, NULL, NULL), NULL);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(threads); i++)
                hcs_thread_join(&threads[i]);
        hcs_system_unref(s);
        assert_int_equal(mockhcs_leaks(mock, NULL), 0);
}

static void errors_say_what_failed_where(void **state) {
        struct hcs_system *s = NULL;
        struct hcs_error *err = NULL;

        assert_true(hcs_is_not_exist(hcs_system_open(client, "nobody", NULL, &s, &err)));
        assert_string_equal(hcs_error_operation(err), "OpenComputeSystem");
        assert_string_equal(hcs_error_id(err), "nobody");
        /* Opening over computecore has no operation, and so no result document. */
        assert_int_equal(hcs_error_event_count(err), hcs_client_api(client) == HCS_API_VMCOMPUTE);
        hcs_error_free(err);
}

static void a_closed_system_refuses_calls(void **state) {
        struct hcs_system *s = running();
        struct hcs_error *err = NULL;

        assert_ok(hcs_system_close(s, &err), err);
        assert_ok(hcs_system_close(s, &err), err);
        assert_hresult(hcs_system_pause(s, NULL, NULL, NULL), E_HANDLE);
        assert_ok(hcs_system_shutdown(s, NULL, &err), err);
        hcs_system_unref(s);
        assert_int_equal(mockhcs_leaks(mock, NULL), 0);
}

/* Exits told to a callback, and what it takes to hold it up. */
struct heard {
        struct hcs_mutex lock;
        struct hcs_cond changed;
        unsigned exits;
        bool entered, release, returned, on_caller;
        struct hcs_system *system;
};
static _Thread_local bool is_caller;

static void heard_init(struct heard *h, struct hcs_system *s) {
        *h = (struct heard){.system = s};
        hcs_mutex_init(&h->lock);
        hcs_cond_init(&h->changed);
}

static void heard_deinit(struct heard *h) {
        hcs_cond_deinit(&h->changed);
        hcs_mutex_deinit(&h->lock);
}

static void wait_for(struct heard *h, const bool *flag) {
        while (!*flag)
                hcs_cond_wait(&h->changed, &h->lock);
}

static void on_event(void *ctx, const struct hcs_event *event) {
        struct heard *h = ctx;

        hcs_guard(&h->lock);
        h->exits += event->kind == HCS_EVENT_SYSTEM_EXITED;
        h->on_caller |= is_caller;
        h->entered = true;
        hcs_cond_broadcast(&h->changed);
        wait_for(h, &h->release);
        h->returned = true;
}

static void an_early_exit_reaches_a_late_callback(void **state) {
        struct hcs_system *s = running();
        struct heard h;

        heard_init(&h, s);
        h.release = true;
        hcs_system_terminate(s, NULL, NULL);
        hcs_system_wait(s, NULL, NULL);
        mockhcs_drain(mock);
        is_caller = true;
        assert_ok(hcs_system_set_callback(s, on_event, &h, NULL), NULL);
        hcs_mutex_lock(&h.lock);
        wait_for(&h, &h.entered);
        hcs_mutex_unlock(&h.lock);
        hcs_system_close(s, NULL); /* the last reference may be that of the thread that delivered */
        hcs_system_unref(s);
        assert_int_equal(h.exits, 1);
        assert_false(h.on_caller);
        heard_deinit(&h);
}

static void take_callback(void *arg) {
        struct heard *h = arg;

        hcs_system_set_callback(h->system, NULL, NULL, NULL);
        hcs_guard(&h->lock);
        assert_true(h->returned);
}

static void a_callback_that_was_taken_away_has_returned(void **state) {
        struct hcs_system *s = running();
        struct hcs_thread taker;
        struct heard h;

        heard_init(&h, s);
        assert_ok(hcs_system_set_callback(s, on_event, &h, NULL), NULL);
        hcs_system_terminate(s, NULL, NULL);
        hcs_mutex_lock(&h.lock);
        wait_for(&h, &h.entered);
        hcs_mutex_unlock(&h.lock);
        assert_ok(hcs_thread_start(&taker, take_callback, &h, NULL), NULL);
        hcs_mutex_lock(&h.lock);
        h.release = true;
        hcs_cond_broadcast(&h.changed);
        hcs_mutex_unlock(&h.lock);
        hcs_thread_join(&taker);
        hcs_system_unref(s);
        heard_deinit(&h);
}

static void close_inside(void *ctx, const struct hcs_event *event) {
        struct heard *h = ctx;

        hcs_system_close(h->system, NULL);
        hcs_guard(&h->lock);
        h->returned = true;
        hcs_cond_broadcast(&h->changed);
}

static void a_late_callback_may_close_its_own_system(void **state) {
        struct hcs_system *s = running();
        struct heard h;

        heard_init(&h, s);
        hcs_system_terminate(s, NULL, NULL);
        hcs_system_wait(s, NULL, NULL);
        mockhcs_drain(mock);
        assert_ok(hcs_system_set_callback(s, close_inside, &h, NULL), NULL);
        hcs_mutex_lock(&h.lock);
        wait_for(&h, &h.returned);
        hcs_mutex_unlock(&h.lock);
        assert_hresult(hcs_system_pause(s, NULL, NULL, NULL), E_HANDLE);
        hcs_system_unref(s);
        heard_deinit(&h);
}

static void the_service_answers(void **state) {
        _cleanup_free_ char *topology = NULL, *systems = NULL;
        struct hcs_error *err = NULL;

        assert_ok(hcs_service_properties(client, "{\"PropertyTypes\":[\"ProcessorTopology\"]}", &topology, &err), err);
        assert_non_null(strstr(topology, "\"LogicalProcessorCount\":8"));
        assert_ok(hcs_enumerate(client, NULL, NULL, &systems, &err), err);
        assert_string_equal(systems, "[]");
}

/* One completion, waited for. */
struct told {
        struct hcs_mutex lock;
        struct hcs_cond changed;
        bool done;
        struct hcs_completion completion;
        char *document, *operation;
};

static void on_completion(void *ctx, const struct hcs_completion *c) {
        struct told *t = ctx;

        hcs_mutex_lock(&t->lock);
        t->completion = *c;
        free(t->document);
        free(t->operation);
        t->document = c->document ? hcs_strdup(c->document) : NULL;
        t->operation = hcs_error_operation(c->error) ? hcs_strdup(hcs_error_operation(c->error)) : NULL;
        t->done = true;
        hcs_cond_broadcast(&t->changed);
        hcs_mutex_unlock(&t->lock);
}

static void told_init(struct told *t) {
        memset(t, 0, sizeof(*t));
        hcs_mutex_init(&t->lock);
        hcs_cond_init(&t->changed);
}

static HRESULT told_wait(struct told *t) {
        hcs_mutex_lock(&t->lock);
        while (!t->done)
                hcs_cond_wait(&t->changed, &t->lock);
        t->done = false;
        hcs_mutex_unlock(&t->lock);
        return t->completion.hr;
}

static void told_deinit(struct told *t) {
        free(t->document);
        free(t->operation);
        hcs_cond_deinit(&t->changed);
        hcs_mutex_deinit(&t->lock);
}

static void a_lifecycle_in_callback_style(void **state) {
        struct told t, exit;
        struct hcs_system *s;
        struct hcs_process *p;

        told_init(&t);
        told_init(&exit);
        assert_ok(hcs_system_create_async(client, "a", VM, NULL, on_completion, &t, NULL), NULL);
        assert_hresult(told_wait(&t), S_OK);
        s = t.completion.system;
        assert_non_null(s);
        assert_ok(hcs_system_async(s, HCS_SYSTEM_WAIT, NULL, NULL, on_completion, &exit, NULL), NULL);
        assert_ok(hcs_system_async(s, HCS_SYSTEM_START, NULL, NULL, on_completion, &t, NULL), NULL);
        assert_hresult(told_wait(&t), S_OK);
        assert_ok(hcs_process_create_async(s, "{\"CommandLine\":\"cmd /c exit 5\"}", NULL, on_completion, &t, NULL),
                  NULL);
        assert_hresult(told_wait(&t), S_OK);
        p = t.completion.process;
        assert_ok(hcs_process_async(p, HCS_PROCESS_WAIT, NULL, NULL, on_completion, &t, NULL), NULL);
        assert_hresult(told_wait(&t), S_OK);
        assert_int_equal(t.completion.exit_code, 5);
        hcs_process_unref(p);
        assert_ok(hcs_system_async(s, HCS_SYSTEM_QUERY, "{}", NULL, on_completion, &t, NULL), NULL);
        assert_hresult(told_wait(&t), S_OK);
        assert_non_null(strstr(t.document, "\"Id\":\"a\""));
        assert_ok(hcs_system_async(s, HCS_SYSTEM_TERMINATE, NULL, NULL, on_completion, &t, NULL), NULL);
        assert_hresult(told_wait(&t), S_OK);
        assert_hresult(told_wait(&exit), S_OK);
        hcs_system_unref(s);
        told_deinit(&t);
        told_deinit(&exit);
        assert_int_equal(mockhcs_leaks(mock, NULL), 0);
}

static void a_failure_in_callback_style_comes_with_its_error(void **state) {
        struct told t;

        told_init(&t);
        assert_ok(hcs_system_open_async(client, "nobody", NULL, on_completion, &t, NULL), NULL);
        assert_true(hcs_is_not_exist(told_wait(&t)));
        assert_null(t.completion.system);
        assert_string_equal(t.operation, "OpenComputeSystem");
        assert_hresult(hcs_system_open_async(client, "nobody", NULL, NULL, NULL, NULL), E_POINTER);
        told_deinit(&t);
}

static void a_wait_in_callback_style_is_cancelled_and_ended_by_closing(void **state) {
        struct hcs_cancel *cancel = hcs_cancel_new();
        struct hcs_system *s = running();
        struct told t;

        told_init(&t);
        assert_ok(hcs_system_async(s, HCS_SYSTEM_WAIT, NULL, &(struct hcs_call){.cancel = cancel}, on_completion, &t,
                                   NULL),
                  NULL);
        hcs_cancel_set(cancel);
        hcs_cancel_unref(cancel);
        assert_hresult(told_wait(&t), E_ABORT);
        assert_ok(hcs_system_async(s, HCS_SYSTEM_WAIT, NULL, NULL, on_completion, &t, NULL), NULL);
        hcs_system_close(s, NULL);
        assert_hresult(told_wait(&t), E_HANDLE);
        hcs_system_unref(s);
        told_deinit(&t);
}

#define BOTH(name)                                                      \
        cmocka_unit_test_setup_teardown(name, setup_core, teardown), {  \
#name "_over_vmcompute", name, setup_vm, teardown, NULL \
        }
HCS_TESTS(BOTH(a_system_is_known_after_create), BOTH(shutdown_leads_to_an_expected_exit),
          BOTH(pause_save_and_resume_keep_their_order), BOTH(a_process_talks_and_tells_its_exit_code),
          BOTH(kill_ends_a_process_through_fresh_handles), BOTH(a_wait_ends_in_time_and_by_cancelling),
          BOTH(several_threads_open_one_system), BOTH(errors_say_what_failed_where),
          BOTH(a_closed_system_refuses_calls), BOTH(an_early_exit_reaches_a_late_callback),
          BOTH(a_callback_that_was_taken_away_has_returned), BOTH(a_late_callback_may_close_its_own_system),
          BOTH(what_was_written_before_stdin_is_closed_arrives), BOTH(closing_a_process_leaves_a_reader_its_pipe),
          BOTH(the_service_answers), BOTH(a_lifecycle_in_callback_style),
          BOTH(a_failure_in_callback_style_comes_with_its_error),
          BOTH(a_wait_in_callback_style_is_cancelled_and_ended_by_closing))
