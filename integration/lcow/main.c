/* SPDX-License-Identifier: MIT */

/*
 * Scenarios of Linux containers, run in QEMU and recorded, and run again by the recordings alone.
 *
 *   scenarios run WORLD [NAME ...]       WORLD: a folder with c/boot and c/layers; recordings go to WORLD/traces
 *   scenarios replay TRACES [NAME ...]   TRACES: a folder of recordings
 *
 * All of them, when none is named. What was run is played at once, and how long both took is told.
 */

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "hcsshim/log.h"
#include "integration/lcow/scenarios.h"
#include "platform/clock.h"
#include "platform/env.h"
#include "platform/file.h"

static const struct {
        const char *name;
        void (*run)(struct world *w);
} scenarios[] = {
        {"containers", scenario_containers}, {"crash", scenario_crash},     {"four", scenario_four},
        {"lifecycles", scenario_lifecycles}, {"network", scenario_network}, {"saved", scenario_saved},
};

static void drop_log(void *ctx, enum hcs_log_level level, const char *line) {
}

static double go(struct world w, void (*run)(struct world *w), bool *ret_good) {
        uint64_t begin = hcs_clock_ns();

        if (world_open(&w))
                run(&w);
        *ret_good = world_close(&w);
        return (double)(hcs_clock_ns() - begin) / HCS_NS_PER_S;
}

static bool is_wanted(const char *name, int argc, char **argv) {
        for (int i = 0; i < argc; i++)
                if (hcs_streq(argv[i], name))
                        return true;
        return false;
}

int main(int argc, char **argv) {
        bool records = argc > 2 && hcs_streq(argv[1], "run"), all = true;

        if (argc < 3 || (!records && !hcs_streq(argv[1], "replay"))) {
                fputs("usage: scenarios run WORLD [NAME ...] | replay TRACES [NAME ...]\n", stderr);
                return 2;
        }
        hcs_log_set_sink(drop_log, NULL);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(scenarios); i++) {
                _cleanup_free_ char *trace =
                        hcs_asprintf(records ? "%s/traces/%s.trace" : "%s/%s.trace", argv[2], scenarios[i].name);
                const struct world real = {.name = scenarios[i].name, .folder = argv[2], .record = trace},
                                   recorded = {.name = scenarios[i].name, .replay = trace};
                double slow = 0, quick;
                bool good = true;

                if (argc > 3 && !is_wanted(scenarios[i].name, argc - 3, argv + 3))
                        continue;
                if (records)
                        slow = go(real, scenarios[i].run, &good);
                quick = good ? go(recorded, scenarios[i].run, &good) : 0;
                all &= good;
                if (!good)
                        printf("%s: FAILED\n", scenarios[i].name);
                else if (records)
                        printf("%s: %.1f s, replayed in %.0f ms\n", scenarios[i].name, slow, quick * 1e3);
                else
                        printf("%s: replayed in %.0f ms\n", scenarios[i].name, quick * 1e3);
                fflush(stdout);
        }
        return !all;
}
