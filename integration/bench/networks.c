/* SPDX-License-Identifier: MIT */

/*
 * Endpoints of one network: made, listed, found by name and deleted, at 100 and at 10,000. What an operation costs at
 * the larger size over what it costs at the smaller one is to grow no faster than the logarithm, which is 2 here. The
 * peer is cJSON, which parses and prints the document of an endpoint in the same run. And eight threads, each with a
 * network of its own. usage: bench [SMALL LARGE]
 */

#define HCS_ABI_PROTOTYPES
#include "hcsshim/abi/computenetwork.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hcsshim/guid.h"
#include "mockhcs/mockhcs.h"
#include "platform/clock.h"
#include "platform/thread.h"

#define THREADS 8
#define ROUNDS  5

#define NETWORK                                                                                       \
        u"{\"Type\":\"Overlay\",\"MacPool\":{\"Ranges\":[{\"StartMacAddress\":\"00-15-5D-00-00-00\"," \
        u"\"EndMacAddress\":"                                                                         \
        "\"00-15-5D-FF-FF-FF\"}]},\"Ipams\":[{\"Subnets\":[{\"IpAddressPrefix\":\"10.0.0.0/"          \
        "8\",\"Routes\":[{\"NextHop\":"                                                               \
        "\"10.0.0.1\",\"DestinationPrefix\":\"0.0.0.0/0\"}]}]}]}"
#define ENDPOINT                                                                                                       \
        "{\"ID\":\"d0b4e0c1-1111-4222-8333-444455556666\",\"Name\":\"endpoint-00000\",\"HostComputeNetwork\":"         \
        "\"d0b4e0c1-1111-4222-8333-444455556666\",\"Policies\":[{\"Type\":\"ACL\",\"Settings\":{\"Action\":\"Allow\"," \
        "\"Direction\":\"In\"}}],\"IpConfigurations\":[{\"IpAddress\":\"10.0.0.2\",\"PrefixLength\":8}],\"Dns\":{},"   \
        "\"Routes\":[{\"NextHop\":\"10.0.0.1\",\"DestinationPrefix\":\"0.0.0.0/"                                       \
        "0\"}],\"MacAddress\":\"00-15-5D-00-00-01\"}"

enum operation { CREATE, LIST, FIND, DELETE, OPERATIONS };
static const char *const names[] = {"create", "list, an id", "find by name", "delete"};

static void must(HRESULT hr, const char *what) {
        if (FAILED(hr)) {
                fprintf(stderr, "%s: 0x%08X\n", what, (unsigned)hr);
                exit(1);
        }
}

static PWSTR widen(const char *text, WCHAR *buf) {
        size_t n = 0;

        do
                buf[n] = (WCHAR)text[n];
        while (text[n++]);
        return buf;
}

static GUID id_of(unsigned network, unsigned n) {
        return (GUID){.Data1 = n + 1, .Data2 = (uint16_t)network, .Data3 = 0x4000};
}

static HCN_NETWORK make_network(void) {
        HCN_NETWORK network = NULL;
        GUID none = {0};

        must((HRESULT)HcnCreateNetwork(&none, NETWORK, &network, NULL), "network");
        return network;
}

static void create(HCN_NETWORK network, unsigned number, unsigned i) {
        GUID id = id_of(number, i);
        HCN_ENDPOINT endpoint = NULL;
        char text[256];
        WCHAR wide[256];

        snprintf(text, sizeof(text),
                 "{\"Name\":\"endpoint-%u-%u\",\"Policies\":[{\"Type\":\"ACL\",\"Settings\":{\"Action\":\"Allow\","
                 "\"Direction\":\"In\"}}]}",
                 number, i);
        must((HRESULT)HcnCreateEndpoint(network, &id, widen(text, wide), &endpoint, NULL), "create");
        HcnCloseEndpoint(endpoint);
}

static void find(unsigned number, unsigned i) {
        char text[256];
        WCHAR wide[256];
        PWSTR ids = NULL;

        snprintf(text, sizeof(text), "{\"Filter\":\"{\\\"Name\\\":\\\"endpoint-%u-%u\\\"}\"}", number, i);
        must((HRESULT)HcnEnumerateEndpoints(widen(text, wide), &ids, NULL), "find");
        if (ids[1] != '"')
                must(E_FAIL, "find");
        free(ids);
}

static void delete (unsigned number, unsigned i) {
        GUID id = id_of(number, i);

        must((HRESULT)HcnDeleteEndpoint(&id, NULL), "delete");
}

/* Time of the processor, not of the wall: the machine is not ours alone. */
static uint64_t cpu_ns(void) {
        return (uint64_t)clock() * (1000000000u / CLOCKS_PER_SEC);
}

static uint64_t cpu_lap(uint64_t *since) {
        uint64_t now = cpu_ns(), took = now - *since;

        *since = now;
        return took;
}

static uint64_t lap(uint64_t *since) {
        uint64_t now = hcs_clock_ns(), took = now - *since;

        *since = now;
        return took;
}

/* Nanoseconds of each operation at that size, the best of some rounds. */
static void measure(unsigned n, unsigned rounds, double best[static OPERATIONS]) {
        HCN_NETWORK network = make_network();

        for (unsigned r = 0; r < rounds; r++) {
                uint64_t since = cpu_ns();
                double cost[OPERATIONS];
                PWSTR ids = NULL;

                for (unsigned i = 0; i < n; i++)
                        create(network, 0, i);
                cost[CREATE] = (double)cpu_lap(&since) / n;
                must((HRESULT)HcnEnumerateEndpoints(NULL, &ids, NULL), "list");
                cost[LIST] = (double)cpu_lap(&since) / n;
                free(ids);
                cpu_lap(&since);
                for (unsigned i = 0; i < n; i++)
                        find(0, i);
                cost[FIND] = (double)cpu_lap(&since) / n;
                /* Every other one first, so that the pools have gaps. */
                for (unsigned step = 0; step < 2; step++)
                        for (unsigned i = step; i < n; i += 2)
                                delete (0, i);
                cost[DELETE] = (double)cpu_lap(&since) / n;
                for (int o = 0; o < OPERATIONS; o++)
                        if (r == 0 || cost[o] < best[o])
                                best[o] = cost[o];
        }
        HcnCloseNetwork(network);
}

static double measure_peer(void) {
        double best = 0;

        for (int r = 0; r < ROUNDS; r++) {
                uint64_t since = cpu_ns();
                double took;

                for (int i = 0; i < 2000; i++) {
                        cJSON *j = cJSON_Parse(ENDPOINT);

                        cJSON_free(cJSON_PrintUnformatted(j));
                        cJSON_Delete(j);
                }
                took = (double)cpu_lap(&since) / 2000;
                if (r == 0 || took < best)
                        best = took;
        }
        return best;
}

/* Nanoseconds to free one of so many documents that are alive, in the order of the deletes. */
static double measure_free(unsigned n, unsigned rounds) {
        cJSON **docs = malloc(n * sizeof(cJSON *));
        double best = 0;

        for (unsigned r = 0; docs && r < rounds; r++) {
                uint64_t since;
                double took;

                for (unsigned i = 0; i < n; i++)
                        docs[i] = cJSON_Parse(ENDPOINT);
                since = cpu_ns();
                for (unsigned step = 0; step < 2; step++)
                        for (unsigned i = step; i < n; i += 2)
                                cJSON_Delete(docs[i]);
                took = (double)cpu_lap(&since) / n;
                if (r == 0 || took < best)
                        best = took;
        }
        free(docs);
        return best;
}

struct worker {
        struct hcs_thread thread;
        unsigned number, n;
};

static void work(void *arg) {
        struct worker *w = arg;
        HCN_NETWORK network = make_network();

        for (unsigned i = 0; i < w->n; i++)
                create(network, w->number, i);
        for (unsigned i = 0; i < w->n; i++)
                find(w->number, i);
        for (unsigned i = 0; i < w->n; i++)
                delete (w->number, i);
        HcnCloseNetwork(network);
}

/* Operations a second of so many threads. */
static double run_threads(unsigned threads, unsigned n) {
        struct worker workers[THREADS];
        uint64_t since = hcs_clock_ns();

        for (unsigned t = 0; t < threads; t++) {
                workers[t] = (struct worker){.number = t + 1, .n = n};
                must(hcs_thread_start(&workers[t].thread, work, &workers[t], NULL), "thread");
        }
        for (unsigned t = 0; t < threads; t++)
                hcs_thread_join(&workers[t].thread);
        return 3.0 * threads * n * 1e9 / (double)lap(&since);
}

int main(int argc, char **argv) {
        unsigned small = argc > 2 ? (unsigned)atoi(argv[1]) : 100, large = argc > 2 ? (unsigned)atoi(argv[2]) : 10000;
        double at_small[OPERATIONS], at_large[OPERATIONS], peer, free_small, free_large, one, eight;
        struct mockhcs *mock = NULL;

        must(mockhcs_open("emulate", &mock, NULL), "open");
        measure(small, 20 * ROUNDS, at_small);
        measure(large, ROUNDS, at_large);
        peer = measure_peer();
        printf("%-14s %12s %12s %8s %10s\n", "", "ns at small", "ns at large", "ratio", "to cJSON");
        for (int o = 0; o < OPERATIONS; o++)
                printf("%-14s %12.0f %12.0f %8.2f %10.2f\n", names[o], at_small[o], at_large[o],
                       at_large[o] / at_small[o], at_large[o] / peer);
        /* What more memory costs by itself, whatever is done with it. */
        free_small = measure_free(small, 20 * ROUNDS);
        free_large = measure_free(large, ROUNDS);
        printf("%-14s %12.0f %12.0f %8.2f\n", "cJSON free", free_small, free_large, free_large / free_small);
        one = run_threads(1, 2000);
        eight = run_threads(THREADS, 2000);
        printf("operations a second: one thread %.0f, eight threads %.0f (%.2f times)\n", one, eight, eight / one);
        mockhcs_close(mock);
        return 0;
}
