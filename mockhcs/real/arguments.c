/* SPDX-License-Identifier: MIT */

/* The arguments of a call as a document, and what the platform gave for them. Pointers are the client's, and trusted as
 * far as the platform would trust them. */

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/utf.h"
#include "hcsshim/abi/computenetwork.h"
#include "mockhcs/abi/layer_argument.h"
#include "mockhcs/real/passing.h"
#include "platform/abi_memory.h"
#include "platform/place.h"

static char *narrow(PCWSTR text) {
        return text ? hcs_utf16_to_utf8_lossy((const uint16_t *)text, hcs_utf16_len((const uint16_t *)text), NULL)
                    : NULL;
}

static void *pointer(const struct passing *p, int i) {
        return (void *)(uintptr_t)p->args[i];
}

static uint64_t number(const struct passing *p, int i) {
        unsigned bytes = p->s->parameters[i].bytes;

        return bytes == 8 ? p->args[i] : p->args[i] & ((UINT64_C(1) << 8 * bytes) - 1);
}

static void add_handle(struct passing *p, int i, struct mock_value *v) {
        const struct parameter *a = &p->s->parameters[i];
        char symbol[sizeof(((struct mock_handle *)0)->symbol)] = "invalid";
        const struct kept *k;

        hcs_mutex_lock(&p->r->lock);
        k = kept_find(&p->r->kept, a->handle, p->s->function->dll, p->args[i]);
        if (k)
                memcpy(symbol, k->handle.symbol, sizeof(symbol));
        hcs_mutex_unlock(&p->r->lock);
        p->on[a->handle] = k ? p->args[i] : 0;
        mock_value_set_handle(v, a->name, symbol);
}

static char *layer_id(const struct passing *p, int i) {
        _cleanup_free_ uint16_t *whole = mock_layer_whole_id(pointer(p, i - 1), pointer(p, i));

        return narrow(whole ? (PCWSTR)whole : pointer(p, i));
}

static void add_argument(struct passing *p, int i) {
        const struct parameter *a = &p->s->parameters[i];
        struct mock_value *v = mock_call_add(&p->call);
        char guid[HCS_GUID_TEXT_SIZE] = "", *path = NULL;

        switch (a->kind) {
        case PARAMETER_TEXT:
                mock_value_set_text(v, a->name, narrow(pointer(p, i)));
                return;
        case PARAMETER_LAYER_ID:
                mock_value_set_text(v, a->name, layer_id(p, i));
                return;
        case PARAMETER_DOCUMENT:
                mock_value_set_document(v, a->name, narrow(pointer(p, i)));
                return;
        case PARAMETER_LAYERS:
                mock_value_set_document(v, a->name, mock_layer_list(pointer(p, i), (DWORD)p->args[i + 1]));
                return;
        case PARAMETER_GUID:
                if (p->args[i])
                        hcs_guid_format(pointer(p, i), guid);
                mock_value_set_text(v, a->name, hcs_strdup(guid));
                return;
        case PARAMETER_NUMBER:
                mock_value_set_number(v, a->name, number(p, i));
                return;
        case PARAMETER_DISK:
                if (p->args[i])
                        hcs_handle_path(pointer(p, i), &path, NULL);
                mock_value_set_text(v, a->name, path ? path : hcs_strdup(""));
                return;
        default:
                add_handle(p, i, v);
                return;
        }
}

static bool is_argument(const struct parameter *a) {
        return a->kind == PARAMETER_TEXT || a->kind == PARAMETER_LAYER_ID || a->kind == PARAMETER_DOCUMENT ||
               a->kind == PARAMETER_LAYERS || a->kind == PARAMETER_GUID || a->kind == PARAMETER_NUMBER ||
               a->kind == PARAMETER_DISK || a->kind == PARAMETER_HANDLE || a->kind == PARAMETER_OPERATION;
}

/* FNV-1a. */
static uint64_t hash(const char *text) {
        uint64_t h = UINT64_C(0xcbf29ce484222325);

        for (; *text; text++)
                h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
        return h;
}

/* With the lock held: of a system or a process that is about to be had. */
static void describe_owner(struct passing *p, struct kept *created) {
        struct owner *o = &created->owner;
        const struct kept *system;

        for (size_t i = 0; i < p->call.n_args; i++) {
                const struct mock_value *v = &p->call.args[i];

                if (created->handle.kind == MOCK_SYSTEM && hcs_streq(v->name, "id"))
                        o->system = hash(v->text ? v->text : "");
                if (created->handle.kind == MOCK_PROCESS && hcs_streq(v->name, "processId"))
                        o->id = (uint32_t)v->number;
        }
        if (created->handle.kind != MOCK_PROCESS)
                return;
        memcpy(o->process, created->handle.symbol, sizeof(o->process));
        system = kept_find(&p->r->kept, MOCK_SYSTEM, p->s->function->dll, p->on[MOCK_SYSTEM]);
        if (system)
                o->system = system->owner.system;
}

void passing_arguments(struct passing *p) {
        int creates = signature_find(p->s, PARAMETER_CREATES);
        enum mock_handle_kind kind = creates >= 0 ? p->s->parameters[creates].handle : MOCK_OPERATION;

        for (unsigned i = 0; i < p->s->n; i++)
                if (is_argument(&p->s->parameters[i]))
                        add_argument(p, (int)i);
        if (creates < 0 && p->s->returns != RETURNS_OPERATION)
                return;
        hcs_mutex_lock(&p->r->lock);
        p->created = kept_new(&p->r->kept, kind, p->s->function->dll);
        describe_owner(p, p->created);
        hcs_mutex_unlock(&p->r->lock);
        p->call.created = &p->created->handle;
}

static bool is_string(enum parameter_kind kind) {
        return kind == PARAMETER_DATA || kind == PARAMETER_FAILURE || kind == PARAMETER_ANSWER ||
               kind == PARAMETER_PATH;
}

static WCHAR untouched[1]; /* what no platform gives out */

void passing_lend_places(struct passing *p) {
        for (unsigned i = 0; i < p->s->n; i++) {
                if (!is_string(p->s->parameters[i].kind) || !p->args[i])
                        continue;
                p->theirs[i] = pointer(p, (int)i);
                p->places[i] = untouched;
                p->args[i] = (uintptr_t)&p->places[i];
        }
}

void passing_return_places(struct passing *p) {
        for (unsigned i = 0; i < p->s->n; i++) {
                if (!p->theirs[i])
                        continue;
                if (p->places[i] == untouched)
                        p->places[i] = NULL;
                else
                        *p->theirs[i] = p->places[i];
        }
}

char *passing_text(const struct passing *p, int parameter) {
        const PCWSTR *out = parameter >= 0 ? pointer(p, parameter) : NULL;

        return out ? narrow(*out) : NULL;
}

/* A string as a document. */
static char *as_document(char *text) {
        _cleanup_free_ char *owned = text;
        _cleanup_json_ struct hcs_json *j = owned ? hcs_json_new_string(owned) : NULL;

        return j ? hcs_json_text(j, HCS_JSON_GO) : NULL;
}

/* A client that asks for the length only: its answer in the trace is the path, so it is asked for. */
static char *mount_path(const struct passing *p, int i) {
        size_t length = p->args[i] ? *(const size_t *)pointer(p, i) : 0;
        _cleanup_free_ WCHAR *buffer = NULL;
        uint64_t args[SIGNATURE_MAX_PARAMS];

        if (p->args[i + 1])
                return narrow(pointer(p, i + 1));
        if (length == 0)
                return NULL;
        buffer = hcs_calloc(length + 1, sizeof(*buffer));
        memcpy(args, p->args, sizeof(args));
        args[i] = (uintptr_t)&length;
        args[i + 1] = (uintptr_t)buffer;
        return FAILED((HRESULT)(uint32_t)real_through(p->real, args, p->s->n)) ? NULL : narrow(buffer);
}

static char *named(const GUID *guid) {
        char text[HCS_GUID_TEXT_SIZE];

        return hcs_strdup(hcs_guid_format(guid, text));
}

static char *range(const HCN_PORT_RANGE_RESERVATION *r) {
        return hcs_asprintf("{\"StartingPort\":%u,\"EndingPort\":%u}", r->startingPort, r->endingPort);
}

static char *entries(const uint32_t *count, HCN_PORT_RANGE_ENTRY *const *list) {
        _cleanup_json_ struct hcs_json *all = hcs_json_new_array();

        for (uint32_t i = 0; i < *count; i++) {
                const HCN_PORT_RANGE_ENTRY *e = &(*list)[i];
                struct hcs_json *o = hcs_json_append(all, hcs_json_new_object());
                char guid[HCS_GUID_TEXT_SIZE];

                hcs_json_set_string(o, "OwningPartitionId", hcs_guid_format(&e->OwningPartitionId, guid));
                hcs_json_set_string(o, "TargetPartitionId", hcs_guid_format(&e->TargetPartitionId, guid));
                hcs_json_set_u64(o, "Protocol", (uint32_t)e->Protocol);
                hcs_json_set_u64(o, "Priority", e->Priority);
                hcs_json_set_u64(o, "ReservationType", e->ReservationType);
                hcs_json_set_u64(o, "SharingFlags", e->SharingFlags);
                hcs_json_set_u64(o, "DeliveryMode", e->DeliveryMode);
                hcs_json_set_u64(o, "StartingPort", e->StartingPort);
                hcs_json_set_u64(o, "EndingPort", e->EndingPort);
        }
        return hcs_json_text(all, HCS_JSON_GO);
}

/* What parameter i answers, as a document; NULL when it is none that answers, or not in this case. */
static char *answer(const struct passing *p, int i) {
        bool good = SUCCEEDED(p->call.hr);

        switch (p->s->parameters[i].kind) {
        case PARAMETER_ANSWER:
                return passing_text(p, i);
        case PARAMETER_FAILURE:
                return good ? NULL : passing_text(p, i);
        case PARAMETER_DATA:
                return good ? passing_text(p, i) : NULL;
        case PARAMETER_PATH:
                return good ? as_document(passing_text(p, i)) : NULL;
        case PARAMETER_LENGTH:
                return good ? as_document(mount_path(p, i)) : NULL;
        case PARAMETER_BOOLEAN:
                return good ? hcs_strdup(*(const DWORD *)pointer(p, i) ? "true" : "false") : NULL;
        case PARAMETER_NAMED:
                return good ? as_document(named(pointer(p, i))) : NULL;
        case PARAMETER_RANGE:
                return good ? range(pointer(p, i)) : NULL;
        case PARAMETER_COUNT:
                return good ? entries(pointer(p, i), pointer(p, i + 1)) : NULL;
        default:
                return NULL;
        }
}

static void take_process(struct passing *p) {
        int i = signature_find(p->s, PARAMETER_PROCESS_INFORMATION);
        HCS_PROCESS_INFORMATION *info = i >= 0 && SUCCEEDED(p->call.hr) ? pointer(p, i) : NULL;

        if (!info)
                return;
        p->call.completion.process = (struct mock_process_info){
                .present = true,
                .process_id = info->ProcessId,
                .stream = {info->StdInput != NULL, info->StdOutput != NULL, info->StdError != NULL}};
}

bool passing_is_completion(const struct passing *p) {
        return p->s->function->verb == MOCK_GET_OPERATION_RESULT || p->s->function->verb == MOCK_WAIT_OPERATION;
}

void passing_results(struct passing *p) {
        take_process(p);
        if (passing_is_completion(p))
                return;
        for (unsigned i = 0; i < p->s->n; i++) {
                char *text = answer(p, (int)i);

                if (!text)
                        continue;
                if (*text && p->call.completion.result.kind == MOCK_ABSENT)
                        mock_value_set_document(&p->call.completion.result, "result", text);
                else
                        free(text);
        }
}
