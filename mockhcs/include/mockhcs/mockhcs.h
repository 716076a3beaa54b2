/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_MOCKHCS_H
#define MOCKHCS_MOCKHCS_H

/*
 * mockhcs in-process: what a unit test uses to say what stands behind vmcompute and computecore.
 *
 *   struct mockhcs *m = NULL;
 *   assert_ok(mockhcs_open("replay=run.trace", &m, &err), err);
 *   ... the code under test calls HcsCreateComputeSystem and friends ...
 *   assert_int_equal(mockhcs_verify(m, false, &report), 0);
 *   m = mockhcs_close(m);
 *
 * One composition string says everything; MOCKHCS in the environment and the command line take the same:
 *   LAYER[=ARGUMENT][,KEY=VALUE ...][,LAYER ...]     outermost first; ':' may stand for the first '=' of a layer
 *   record=run.trace,redact=no,emulate
 *   replay=run.trace,order=any,speed=0
 *   emulate,script=processes.json,host=26100
 * A comma or backslash inside a value is written "\,". With nothing set: "emulate". Engine options, before the first
 * layer: speed=F (1 real time, 0 all delays at once), pending=yes|no (vmcompute returns pending, default yes),
 * leaks=yes|no (report to stderr at exit what was left open; only for the engine opened from the environment).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hcsshim/error.h"

#define MOCKHCS_EXPORT __attribute__((visibility("default")))

struct mockhcs;

/*
 * Opens an engine and makes it the one behind the exports of this process, in place of the one before (which stays
 * open; closing makes the previous one current again). spec NULL: the environment's MOCKHCS, else "emulate".
 * Errors: E_INVALIDARG naming the element of the string; what a layer says (file not found, bad trace ...).
 */
MOCKHCS_EXPORT HRESULT mockhcs_open(const char *spec, struct mockhcs **ret, struct hcs_error **err);
/* Drains callbacks, frees everything; handles of this engine are stale afterwards. Returns NULL. NULL is fine. */
MOCKHCS_EXPORT struct mockhcs *mockhcs_close(struct mockhcs *m);
/*
 * What went wrong that no return code said: records never asked for, mismatches, calls on stale handles. Returns the
 * number of problems; ret_report (may be NULL) receives the text, caller frees. failed: the test failed already for
 * another reason, so what was never asked for is not held against it.
 */
MOCKHCS_EXPORT unsigned mockhcs_verify(struct mockhcs *m, bool failed, char **ret_report);
/*
 * The same as a JSON array for programs, an object a problem:
 *   {"kind":"mismatch","call":"HcsModifyComputeSystem","on":"system/1","trace":"run.trace","line":4,"differences":
 *    [{"argument":"configuration","path":"$.ResourcePath","expected":"X","got":"Y"}],"text":"..."}
 * kind: mismatch, unasked (trace and line: of the record that was never asked for), lost (count: records that could not
 * be written), stale (count: calls on handles that are none). What has no difference to tell has none; a side that is
 * missing is null. text is what mockhcs_verify() says of it.
 */
MOCKHCS_EXPORT unsigned mockhcs_verify_json(struct mockhcs *m, bool failed, char **ret_json);
/* Handles still open and operations never waited for, one a line; returns their number. */
MOCKHCS_EXPORT unsigned mockhcs_leaks(struct mockhcs *m, char **ret_report);
/* Waits until nothing is due: no queued callback, no output in flight (timers that lie ahead do not count). */
MOCKHCS_EXPORT void mockhcs_drain(struct mockhcs *m);

/*
 * The networks of an emulator, saved in a file as net-state=FILE has them, and put back as of then, at any time of a
 * run. boot says what the host went through (path NULL: with what it has now):
 *   resume   nothing: all is as in the file
 *   reboot   networks that are not persistent, namespaces and attachments are gone
 *   clean    a new installation: nothing is left, and path is not read
 * The service restarts with it: handles given out before are HCN_E_OBJECT_USED_AFTER_UNLOAD, and listeners hear
 * ServiceDisconnect. Compute systems stay. A file that cannot be read or made changes nothing. E_NOTIMPL: what stands
 * behind the exports is no emulator; E_INVALIDARG: boot is none of these, or the file is none, with its place in it.
 */
MOCKHCS_EXPORT HRESULT mockhcs_networks_save(struct mockhcs *m, const char *path, struct hcs_error **err);
MOCKHCS_EXPORT HRESULT mockhcs_networks_restore(struct mockhcs *m, const char *path, const char *boot,
                                                struct hcs_error **err);

/*
 * The bridge between a client and the guest of its virtual machine goes past the exports. A client that wants it in its
 * recording says what its taps see (hcsshim/gcs.h); system: the id the machine was created with. A replay of that
 * recording plays the guest: in the folder of the machine's Hyper-V sockets, with a RuntimeId of its own for each run.
 * Where nothing is recorded, and of a machine that the recording does not know, this does nothing. Any thread.
 */
struct hcs_gcs_tap_frame;
struct hcs_gcs_tap_bytes;
MOCKHCS_EXPORT void mockhcs_note_frame(struct mockhcs *m, const char *system, const struct hcs_gcs_tap_frame *frame);
MOCKHCS_EXPORT void mockhcs_note_bytes(struct mockhcs *m, const char *system, const struct hcs_gcs_tap_bytes *bytes);

/*
 * The whole world in a file (docs/service.md): systems, their processes, the service's own state and networks. Handles
 * are not in it: restoring is a restart of the service, every handle given out before hears ServiceDisconnect and is
 * good for closing only. A process goes on as its program does on paper; a system that runs in QEMU cannot be put back,
 * and neither can it be saved more than by its name: ret_lost (may be NULL) receives the ids as a JSON array, caller
 * frees. On failure nothing has changed. Behind remote= it is the service's world, and the file this process'.
 * E_NOTIMPL: what answers has no world (a trace); E_INVALIDARG: the file is none, with its place in it.
 */
MOCKHCS_EXPORT HRESULT mockhcs_world_save(struct mockhcs *m, const char *path, struct hcs_error **err);
MOCKHCS_EXPORT HRESULT mockhcs_world_restore(struct mockhcs *m, const char *path, char **ret_lost,
                                             struct hcs_error **err);
/* The host reboots: systems are gone; networks that are persistent stay, or with keep_networks false none. Handles as
 * above. */
MOCKHCS_EXPORT HRESULT mockhcs_host_reboot(struct mockhcs *m, bool keep_networks, struct hcs_error **err);
/* A record of the client's own for its recording: an object of JSON in one line, of a kind that no record has. Readers
 * of traces keep it and skip it. */
MOCKHCS_EXPORT void mockhcs_note_record(struct mockhcs *m, const char *line);

struct mockhcs_counters {
        uint64_t calls;
        uint64_t failures;         /* calls that returned a failure */
        uint64_t stale_handles;    /* calls on stale, foreign or wrong-kind handles */
        uint64_t not_implemented;  /* calls answered E_NOTIMPL */
        uint64_t late_completions; /* completions of calls unknown or completed before */
        uint64_t events;           /* delivered to a callback */
};
MOCKHCS_EXPORT void mockhcs_counters(struct mockhcs *m, struct mockhcs_counters *ret);

#endif
