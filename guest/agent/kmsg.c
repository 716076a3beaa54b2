/* SPDX-License-Identifier: MIT */

/* The reader of kmsg.h. A record is "priority,sequence,microseconds,flags;text"; one read gives one record. */

#include "guest/agent/kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/str.h"
#include "hcsshim/log.h"

#define MAX_RECORD 8192

struct guest_kmsg {
        struct guest_loop *loop;
        struct guest_source source;
        uint64_t max_level;
};

/* A decimal number with the comma behind it; moves on to what follows. */
static bool take_number(char **at, unsigned long long *ret) {
        char *end;

        errno = 0;
        *ret = strtoull(*at, &end, 10);
        if (end == *at || errno != 0 || *end != ',')
                return false;
        *at = end + 1;
        return true;
}

static void pass_on(const struct guest_kmsg *k, char *record) {
        unsigned long long priority, sequence, time_us;
        char *text = strchr(record, ';'), level[16], seconds[32];

        if (!text || !take_number(&record, &priority) || !take_number(&record, &sequence) ||
            !take_number(&record, &time_us) || (priority & 7) > k->max_level)
                return;
        text++;
        text[strcspn(text, "\n")] = '\0';
        snprintf(level, sizeof(level), "%llu", priority & 7);
        snprintf(seconds, sizeof(seconds), "%llu.%06llu", time_us / 1000000, time_us % 1000000);
        hcs_log(HCS_LOG_INFO, "kmsg read", "message", text, "priority", level, "since-boot", seconds, NULL);
}

static void on_readable(struct guest_source *s, uint32_t events) {
        struct guest_kmsg *k = (struct guest_kmsg *)((char *)s - offsetof(struct guest_kmsg, source));
        char record[MAX_RECORD + 1];
        ssize_t n;

        for (int i = 0; i < 64; i++) {
                n = read(s->fd, record, MAX_RECORD);
                if (n < 0 && errno == EPIPE)
                        continue; /* records were overwritten before they were read */
                if (n <= 0) {
                        if (n == 0 || (errno != EAGAIN && errno != EINTR))
                                guest_loop_watch(k->loop, s, 0);
                        return;
                }
                record[n] = '\0';
                pass_on(k, record);
        }
}

struct guest_kmsg *guest_kmsg_new(struct guest_loop *loop, const struct guest_roots *roots, uint64_t max_level) {
        _cleanup_free_ char *path = hcs_asprintf("%s/kmsg", roots->dev);
        int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        struct guest_kmsg *k;

        if (fd < 0)
                return NULL;
        k = hcs_calloc(1, sizeof(*k));
        k->loop = loop;
        k->max_level = max_level;
        k->source = (struct guest_source){.fd = fd, .fn = on_readable};
        guest_loop_watch(loop, &k->source, EPOLLIN);
        return k;
}

struct guest_kmsg *guest_kmsg_free(struct guest_kmsg *k) {
        if (!k)
                return NULL;
        guest_loop_watch(k->loop, &k->source, 0);
        close(k->source.fd);
        return hcs_free(k);
}
