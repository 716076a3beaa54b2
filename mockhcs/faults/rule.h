/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_FAULTS_RULE_H
#define MOCKHCS_FAULTS_RULE_H

/*
 * What goes wrong, and where. A rule is written on one line, rules are separated by ';':
 *
 *   WHERE ACTION [ACTION...]
 *
 *   WHERE   NAME of a function or, behind "event:", of an event; '*' and '?' are wild. Then, in any order:
 *           @OBJECT      only calls on that handle ("system/1"), or that name that id; wild as well
 *           #N  #N..M  #N..   only the Nth such call, those from N to M, from N on; counted from 1
 *           [PATH]  [PATH=TEXT]   only where the argument has that member ([configuration.VirtualMachine]), with that
 *                        value: a text as it is or anything else as compact JSON; wild
 *           %P           with that probability, 0 to 1
 *   ACTION  delay=TIME           it completes, or is heard, later. TIME is 500ms, 2s, 10us, 1m or 1h; 1ms..9ms evenly
 *                                between; 100ms~20ms about the first, with that standard deviation; p50:1ms/p99:2s by
 *                                percentiles, straight between them
 *           never                it does not complete, or is not heard
 *           late                 it completes when the client has given up: with its next call on the operation or
 * object fail=CODE            refused; the layer below never hears of it complete=CODE        accepted, and completes
 * with that failure duplicate            completes twice, is heard twice reorder              completes, or is heard,
 * behind the next one stopped              refused as the call on a system that has stopped (0x80370110) exit after the
 * call the system is gone: an unexpected exit (0x80370106) disconnect=TIME      the service goes away for so long,
 * beginning with this call: every handle hears of it, every call is refused (0x8037011E) hang                 from this
 * call on nothing completes that the rule's NAME covers omit  omit=PATH      the answer lacks that member, or one that
 * is drawn shuffle              members of the answer stand in another order stale                the handle that is
 * given out is not known any more
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
        FAULT_TYPES,
};

struct fault_action {
        enum fault_type type;
        HRESULT hr;
        struct fault_delay delay;
        char *path;
};

#define FAULT_MAX_ACTIONS 4
struct fault_rule {
        char *text; /* as it was written */
        bool event;
        char *name, *object, *path, *value;
        uint64_t from, to; /* 0: all */
        double probability;
        char *document; /* of a failure; NULL for none */
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
void fault_rules_deinit(struct fault_rules *r);

/* NULL when the rule has no such action. */
const struct fault_action *fault_rule_action(const struct fault_rule *r, enum fault_type type);
/* '*' stands for anything, '?' for one byte; letters count as they are. */
bool fault_glob(const char *pattern, const char *text);

#endif
