/* SPDX-License-Identifier: MIT */

/*
 * Two VMs in one network of the host, each with an adapter for its endpoint, and containers that talk over it, and to a
 * program of this host.
 */

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "integration/lcow/pod.h"
#include "integration/lcow/scenarios.h"
#include "platform/thread.h"
#include "uvm/guest_endpoint.h"

#define NETWORK                                                                                                  \
        "{\"Name\":\"pods\",\"Type\":\"NAT\",\"Ipams\":[{\"Type\":\"Static\",\"Subnets\":[{\"IpAddressPrefix\":" \
        "\"172.30.0.0/24\",\"Routes\":[{\"NextHop\":\"172.30.0.1\",\"DestinationPrefix\":\"0.0.0.0/0\"}]}]}],"   \
        "\"SchemaVersion\":{\"Major\":2,\"Minor\":0}}"

/* A VM with its end of the network, and a container there. */
struct end {
        struct machine m;
        struct uvm_guest_endpoint *endpoint;
        struct uvm_networks *adapters;
        struct uvm_container *container;
};

static bool plug(struct world *w, struct hcn_client *c, const char *network, struct end *e) {
        struct hcs_error *err = NULL;

        e->adapters = uvm_networks_new(&(struct uvm_networks_options){.host = &w->host});
        return (SUCCEEDED(uvm_guest_endpoint_new(c, network, "x_eth0", &e->endpoint, &err)) &&
                SUCCEEDED(uvm_guest_endpoint_add(e->endpoint, e->adapters, &e->m.sink, &err))) ||
               world_failed(w, err, "adapter");
}

static bool put(struct end *e, const char *id, const char *command, const char *merged) {
        return box_create(&e->m, &(struct box){.id = id, .command = command, .merge = merged}, &e->container) &&
               box_start(&e->m, e->container);
}

static void unplug(struct end *e) {
        uvm_container_free(e->container);
        uvm_networks_free(e->adapters);
        machine_deinit(&e->m);
        uvm_guest_endpoint_free(e->endpoint);
}

/* A program of this host that listens on the loopback, and answers whoever connects first. */
struct outside {
        int fd;
        unsigned port;
        struct hcs_thread thread;
};

static void answer(void *arg) {
        static const char text[] = "from the host's loopback\n";
        const struct outside *o = arg;
        int fd = accept4(o->fd, NULL, NULL, SOCK_CLOEXEC);

        if (fd >= 0 && write(fd, text, sizeof(text) - 1) != sizeof(text) - 1)
                perror("the answer");
        close(fd);
}

static bool outside_open(struct world *w, struct outside *o) {
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
        socklen_t n = sizeof(a);
        struct hcs_error *err = NULL;

        *o = (struct outside){.fd = -1};
        if (w->replay)
                return true;
        o->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (o->fd < 0 || bind(o->fd, (struct sockaddr *)&a, n) < 0 || listen(o->fd, 1) < 0 ||
            getsockname(o->fd, (struct sockaddr *)&a, &n) < 0 ||
            FAILED(hcs_thread_start(&o->thread, answer, o, &err))) {
                close(o->fd);
                o->fd = -1;
                return world_failed(w, err, "a listener on the loopback");
        }
        o->port = ntohs(a.sin_port);
        return true;
}

static void outside_close(struct outside *o) {
        if (o->fd < 0)
                return;
        shutdown(o->fd, SHUT_RDWR); /* nobody came */
        hcs_thread_join(&o->thread);
        close(o->fd);
}

/*
 * The listener says that it listens, before anybody dials. Then this host is dialled, which has the gateway's address;
 * the port, another one every time, is told as input.
 */
static bool talk(struct world *w, struct pod *pod, struct end *server, struct end *client, unsigned port) {
        _cleanup_free_ char *dial =
                hcs_asprintf("echo over the network | nc %s 7000; read port; nc 172.30.0.1 $port </dev/null",
                             uvm_guest_endpoint_address(server->endpoint));
        _cleanup_free_ char *told = hcs_asprintf("%u\n", port);
        _cleanup_free_ char *of_pod = pod_spec(pod, uvm_guest_endpoint_namespace(server->endpoint));
        _cleanup_free_ char *alone = hcs_asprintf("{\"windows\":{\"network\":{\"networkNamespace\":\"%s\"}}}",
                                                  uvm_guest_endpoint_namespace(client->endpoint));
        _cleanup_(hcs_gcs_process_unrefp) struct hcs_gcs_process *p = NULL;
        _cleanup_buf_ struct hcs_buf out = {0}, heard = {0};
        struct hcs_error *err = NULL;
        uint32_t code = 0;

        if (!put(server, "server",
                 "(while ! cat /proc/net/tcp /proc/net/tcp6 | grep -q :1B58; do :; done; echo listens) & nc -l -p "
                 "7000; echo; wait",
                 of_pod) ||
            !put(client, "client", dial, alone))
                return false;
        if (FAILED(uvm_container_exec(server->container, NULL, &(struct uvm_streams){.out = true}, &patient, &p, &err)))
                return world_failed(w, err, "the listener");
        if (!box_hear(&server->m, p, "listens\n", &heard) ||
            !box_run(&client->m, client->container, NULL, told, &out, &code) || !box_hear(&server->m, p, NULL, &heard))
                return false;
        if (FAILED(hcs_gcs_process_wait(p, &patient, &code, &err)))
                return world_failed(w, err, "the listener");
        if (!strstr(hcs_buf_cstr(&heard), "over the network"))
                return world_failed(w, NULL, "the listener heard: %s", hcs_buf_cstr(&heard));
        if (!strstr(hcs_buf_cstr(&out), "from the host's loopback\n"))
                return world_failed(w, NULL, "the host was heard to say: %s", hcs_buf_cstr(&out));
        return box_delete(&client->m, &client->container) && box_delete(&server->m, &server->container);
}

void scenario_network(struct world *w) {
        _cleanup_free_ char *made = NULL, *network = NULL;
        struct end a = {0}, b = {0};
        struct pod pod = {0};
        struct outside outside = {.fd = -1};
        struct hcn_client *c = NULL;
        struct hcs_error *err = NULL;

        if (FAILED(hcn_client_open(NULL, &c, &err)) || FAILED(hcn_create(c, HCN_KIND_NETWORK, NETWORK, &made, &err)) ||
            FAILED(uvm_hcn_id(made, &network, &err))) {
                world_failed(w, err, "network");
        } else {
                if (machine_boot(w, "server@vm", 256, &a.m) && machine_boot(w, "client@vm", 256, &b.m) &&
                    plug(w, c, network, &a) && plug(w, c, network, &b) &&
                    pod_open(&a.m, uvm_guest_endpoint_namespace(a.endpoint), &pod) &&
                    pod_shares(&a.m, &pod, uvm_guest_endpoint_namespace(a.endpoint)) && outside_open(w, &outside) &&
                    talk(w, &pod, &a, &b, outside.port) && pod_close(&a.m, &pod) && machine_stop(&a.m))
                        machine_stop(&b.m);
                outside_close(&outside);
                pod_deinit(&pod);
                unplug(&b);
                unplug(&a);
                hcn_delete(c, HCN_KIND_NETWORK, network, NULL);
        }
        hcn_client_unref(c);
}
