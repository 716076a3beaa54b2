/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_FAULTS_RULE_H
#define MOCKHCS_FAULTS_RULE_H

/*
 * What goes wrong, and where. A rule is written on one line, rules are separated by ';':
 *
 *   WHERE ACTION [ACTION...]
 *
 * WHERE is the NAME of a function or, behind "event:", of an event or, behind "frame:", of a frame of a bridge as
 * traces have it ("Response(Start)"); '*' and '?' are wild. Then, in any order:
 *
 *   @OBJECT          only on that handle ("system/1"), or what names that id; of a frame, the container; wild as well
 *   #N  #N..M  #N..  only the Nth such one, those from N to M, from N on; counted from 1
 *   [PATH]           only where the argument, or the frame's document, has that member
 *   [PATH=TEXT]      with that value: a text as it is or anything else as compact JSON; wild
 *   %P               with that probability, 0 to 1
 *   %P:W             of the rules with a weight that apply, the probability included, one has its way, drawn by weight
 *   %:W              the same, always
 *
 * TIME is 500ms, 2s, 10us, 1m or 1h; 1ms..9ms evenly between; 100ms+20ms and up to so much more (jitter); 100ms~20ms
 * about the first, with that standard deviation; p50:1ms/p99:2s by percentiles, straight between them. ACTION, where
 * nothing else is said for calls only:
 *
 *   delay=TIME        it completes, is heard, goes on later (calls, events, frames: with those behind them)
 *   never             it does not complete, is not heard, goes nowhere (calls, events, frames)
 *   late              it completes when the client has given up: with its next call on the operation or object; it is
 *                     heard with the client's next call on the object (calls, events)
 *   early             whatever it brings about at once is heard before the call returns: a callback that wants a lock
 *                     which is held across the call waits for ever
 *   slow=TIME         the call itself returns after so long
 *   fail=CODE         refused; the layer below, or the guest, never hears of it (calls, frames that are requests)
 *   complete=CODE     accepted, and completes with that failure
 *   duplicate         it completes, is heard, goes on twice (calls, events, frames)
 *   reorder           behind the next one (calls, events, frames)
 *   stopped           refused as the call on a system that has stopped (0x80370110)
 *   exit              after the call the system is gone: an unexpected exit (0x80370106); after the frame the guest is
 *                     (calls, frames)
 *   disconnect=TIME   the service goes away for so long, beginning with this call: every handle hears of it, every call
 *                     is refused (0x8037011E)
 *   hang              from this one on nothing completes, or goes on, that the rule's NAME covers (calls, frames)
 *   omit  omit=PATH   the answer, or the frame's document, lacks that member, or one that is drawn (calls, frames)
 *   shuffle           members of it stand in another order (calls, frames)
 *   stale             the handle that is given out is not known any more
 *   cut  cut=N        the bridge ends behind so many bytes of it, or behind one that is drawn (frames)
 *   corrupt           one byte of it that is drawn, header included, is another (frames)
 *   corrupt=N         that byte is, counted from 0
 *
 * In a file rules are an array; a rule is such a line, or {"rule":LINE,"document":{...}} with the result document of a
 * failure. Pure data; after parsing nothing changes but the counters and whether a hang has begun.
 */

#include <stdatomic.h>

#include "base/json.h"
#include "hcsshim/error.h"
#include "mockhcs/faults/delay.h"

enum fault_type {
        FAULT_DELAY,
        FAULT_NEVER,
        FAULT_LATE,
        FAULT_EARLY,
        FAULT_SLOW,
        FAULT_FAIL,
        FAULT_COMPLETE,
        FAULT_DUPLICATE,
        FAULT_REORDER,
        FAULT_STOPPED,
        FAULT_EXIT,
        FAULT_DISCONNECT,
        FAULT_HANG,
        FAULT_OMIT,
        FAULT_SHUFFLE,
        FAULT_STALE,
        FAULT_CUT,
        FAULT_CORRUPT,
        FAULT_TYPES,
};

struct fault_action {
        enum fault_type type;
        HRESULT hr;
        struct fault_delay delay;
        char *path;
        bool drawn;      /* of cut and corrupt: which byte is */
        uint64_t number; /* else that one */
};

#define FAULT_MAX_ACTIONS 4
struct fault_rule {
        char *text; /* as it was written */
        enum fault_on { FAULT_ON_CALL, FAULT_ON_EVENT, FAULT_ON_FRAME } on;
        char *name, *object, *path, *value;
        uint64_t from, to;          /* 0: all */
        uint64_t hash;              /* of all but those, probability, weight and blanks: what chance depends on */
        double probability, weight; /* weight 0: it has its way whatever else applies */
        char *document;             /* of a failure; NULL for none */
        struct fault_action actions[FAULT_MAX_ACTIONS];
        size_t n_actions;
        atomic_uint_fast64_t seen; /* what fitted but for number and chance */
        atomic_bool hangs;         /* its hang has begun */
};

struct fault_rules {
        struct fault_rule *rules;
        size_t n;
};

/* Errors: E_INVALIDARG with the rule and the word that is none. */
HRESULT fault_rules_parse(const char *text, struct fault_rules *ret, struct hcs_error **err);
HRESULT fault_rules_parse_json(const struct hcs_json *array, struct fault_rules *ret, struct hcs_error **err);
/* "@FILE", the name of a scenario, or rules: what faults= takes. */
HRESULT fault_rules_load(const char *argument, struct fault_rules *ret, struct hcs_error **err);
void fault_rules_deinit(struct fault_rules *r);
/* Bridges have frames, and nothing but frames; there are none elsewhere. E_INVALIDARG names the rule that would never
 * have its occasion. */
HRESULT fault_rules_check(const struct fault_rules *r, bool on_bridge, struct hcs_error **err);

/* NULL when the rule has no such action. */
const struct fault_action *fault_rule_action(const struct fault_rule *r, enum fault_type type);
/* '*' stands for anything, '?' for one byte; letters count as they are. */
bool fault_glob(const char *pattern, const char *text);

#endif
