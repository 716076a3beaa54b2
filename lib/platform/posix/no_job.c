/* SPDX-License-Identifier: MIT */

/* No job objects on Linux: nothing is ever made, so nothing of it can be used. */

#include "platform/job.h"

bool hcs_job_possible(void) {
        return false;
}

HRESULT hcs_job_new(struct hcs_job **ret, struct hcs_error **err) {
        return hcs_error_make(err, E_NOTIMPL, "job objects are only on Windows");
}

struct hcs_job *hcs_job_ref(struct hcs_job *job) {
        return job;
}

struct hcs_job *hcs_job_unref(struct hcs_job *job) {
        return NULL;
}

void hcs_job_end(struct hcs_job *job) {
}

HRESULT hcs_job_spawn(struct hcs_job *job, const struct hcs_job_start *start, struct hcs_job_child **ret,
                      struct hcs_error **err) {
        return hcs_error_make(err, E_NOTIMPL, "start `%s` in a job: only on Windows", start->command_line);
}

uint32_t hcs_job_child_id(const struct hcs_job_child *child) {
        return 0;
}

HANDLE hcs_job_child_take(struct hcs_job_child *child, int stream) {
        return 0;
}

HRESULT hcs_job_child_wakes(struct hcs_job_child *child, struct hcs_poller *poller, struct hcs_error **err) {
        return hcs_error_make(err, E_NOTIMPL, "job objects are only on Windows");
}

bool hcs_job_child_ended(const struct hcs_job_child *child, uint32_t *ret_exit_code) {
        return false;
}

bool hcs_job_child_tell(struct hcs_job_child *child, enum hcs_job_event event) {
        return false;
}

void hcs_job_child_kill(struct hcs_job_child *child, uint32_t exit_code) {
}

struct hcs_job_child *hcs_job_child_free(struct hcs_job_child *child) {
        return NULL;
}

size_t hcs_job_members(struct hcs_job *job, struct hcs_job_member **ret) {
        return 0;
}

void hcs_job_use(struct hcs_job *job, struct hcs_job_use *ret) {
}
