/* SPDX-License-Identifier: MIT */

/* Networks of the test guest, guest_net.h. */

#include "guest_net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define BLOCK 65536

static struct sockaddr_in inet(const char *address, unsigned port) {
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

        inet_pton(AF_INET, address, &a.sin_addr);
        return a;
}

/* Sets one address of an adapter. */
static int set(int fd, const char *adapter, unsigned long request, struct sockaddr_in a) {
        struct ifreq r = {0};

        snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", adapter);
        memcpy(&r.ifr_addr, &a, sizeof(a));
        return ioctl(fd, request, &r);
}

static int bring_up(int fd, const char *adapter) {
        struct ifreq r = {0};

        snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", adapter);
        r.ifr_flags = IFF_UP;
        return ioctl(fd, SIOCSIFFLAGS, &r);
}

static int route(int fd, const char *gateway) {
        struct sockaddr_in all = inet("0.0.0.0", 0), to = inet(gateway, 0);
        struct rtentry r = {.rt_flags = RTF_UP | RTF_GATEWAY};

        memcpy(&r.rt_dst, &all, sizeof(all));
        memcpy(&r.rt_genmask, &all, sizeof(all));
        memcpy(&r.rt_gateway, &to, sizeof(to));
        return ioctl(fd, SIOCADDRT, &r);
}

const char *net_configure(const char *adapter, const char *address, unsigned prefix, const char *gateway) {
        struct sockaddr_in mask = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xffffffffu << (32 - prefix))};
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        const char *wrong = NULL;

        if (set(fd, adapter, SIOCSIFADDR, inet(address, 0)) < 0 || set(fd, adapter, SIOCSIFNETMASK, mask) < 0 ||
            bring_up(fd, adapter) < 0 || (gateway && route(fd, gateway) < 0))
                wrong = strerror(errno);
        close(fd);
        return wrong;
}

const char *net_ping(const char *address) {
        struct sockaddr_in to = inet(address, 0);
        int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
        struct icmphdr echo = {.type = ICMP_ECHO, .un.echo.id = htons(77)};
        uint8_t data[1500];

        echo.checksum = (uint16_t) ~(0x0800 + 77);
        echo.checksum = htons(echo.checksum);
        if (fd < 0 || sendto(fd, &echo, sizeof(echo), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
                return strerror(errno);
        for (;;) {
                struct pollfd p = {.fd = fd, .events = POLLIN};
                struct sockaddr_in from;
                socklen_t len = sizeof(from);
                ssize_t n;

                if (poll(&p, 1, 10000) != 1)
                        return "no answer";
                n = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from, &len);
                if (n >= 28 && from.sin_addr.s_addr == to.sin_addr.s_addr && data[20] == ICMP_ECHOREPLY)
                        return NULL;
        }
}

static int connect_to(const char *address, unsigned port) {
        struct sockaddr_in to = inet(address, port);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
                return fd;
        if (fd >= 0)
                close(fd);
        return -1;
}

const char *net_knock(const char *address, unsigned port) {
        int fd = connect_to(address, port);
        char data[64] = "";
        size_t got = 0;
        ssize_t n;

        if (fd < 0)
                return strerror(errno);
        if (send(fd, "question", 8, MSG_NOSIGNAL) != 8)
                return "cannot ask";
        while (got < sizeof(data) - 1 && (n = read(fd, data + got, sizeof(data) - 1 - got)) > 0)
                got += (size_t)n;
        close(fd);
        return strcmp(data, "answer") == 0 ? NULL : "another answer";
}

const char *net_send(const char *address, unsigned port, uint64_t bytes) {
        static uint8_t data[BLOCK];
        int fd = connect_to(address, port);
        char byte;

        if (fd < 0)
                return strerror(errno);
        while (bytes > 0) {
                ssize_t n = send(fd, data, bytes < sizeof(data) ? (size_t)bytes : sizeof(data), MSG_NOSIGNAL);

                if (n <= 0)
                        return "cannot send";
                bytes -= (uint64_t)n;
        }
        shutdown(fd, SHUT_WR);
        return read(fd, &byte, 1) == 0 ? NULL : "no end"; /* the other side has read all of it */
}

static void answer(int fd) {
        static char data[BLOCK];
        ssize_t n = read(fd, data, sizeof(data));

        if (n == 8 && memcmp(data, "question", 8) == 0)
                (void)!write(fd, "answer", 6);
        else
                while (n > 0)
                        n = read(fd, data, sizeof(data));
}

const char *net_serve(unsigned port) {
        struct sockaddr_in a = inet("0.0.0.0", port);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), peer;

        if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 16) < 0)
                return strerror(errno);
        if (fork() != 0)
                return NULL;
        while ((peer = accept(fd, NULL, NULL)) >= 0) {
                if (fork() == 0) {
                        answer(peer);
                        _exit(0);
                }
                close(peer);
        }
        _exit(0);
}
