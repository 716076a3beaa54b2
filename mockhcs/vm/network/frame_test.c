/* SPDX-License-Identifier: MIT */

/* Frames: what is believed of them and what is not. */

#include "mockhcs/vm/network/frame.h"

#include "base/mem.h"
#include "mockhcs/vm/test/packets.h"
#include "testing/hcs_test.h"

static const uint8_t a[FRAME_MAC] = {0, 0x15, 0x5d, 0, 0, 1}, b[FRAME_MAC] = {0, 0x15, 0x5d, 0, 0, 2};

static void an_arp_question_says_who_asks_for_whom(void **state) {
        struct packet p;
        struct frame f;

        packet_arp(&p, packet_everybody, a, FRAME_ARP_ASK, 0x0a000002, 0x0a000001);
        assert_true(frame_parse(p.data, p.len, &f));
        assert_true(frame_is_for_many(f.to));
        assert_memory_equal(f.from, a, FRAME_MAC);
        assert_memory_equal(f.sender_mac, a, FRAME_MAC);
        assert_int_equal(f.type, FRAME_ARP);
        assert_int_equal(f.operation, FRAME_ARP_ASK);
        assert_int_equal(f.sender, 0x0a000002);
        assert_int_equal(f.target, 0x0a000001);
        p.data[FRAME_HEADER + 5] = 16;
        assert_false(frame_parse(p.data, p.len, &f));
}

static void a_piece_of_a_packet_has_no_ports(void **state) {
        struct packet p;
        struct frame f;

        packet_udp(&p, b, a, 1, 1000, 2, 53, "question", 8);
        assert_true(frame_parse(p.data, p.len, &f));
        assert_int_equal(f.sender_port, 1000);
        assert_int_equal(f.target_port, 53);
        assert_int_equal(f.end, p.len);
        p.data[FRAME_HEADER + 7] = 1;
        assert_true(frame_parse(p.data, p.len, &f));
        assert_int_equal(f.target_port, 0);
        p.data[FRAME_HEADER + 7] = 0;
        p.data[FRAME_HEADER + 9] = 47;
        assert_true(frame_parse(p.data, p.len, &f));
        assert_int_equal(f.target_port, 0);
}

/* Each in memory of exactly its size, so that a sanitizer sees a byte too many. */
static void no_frame_that_ends_early_is_read_beyond_its_end(void **state) {
        uint8_t question[64], out[256];
        struct packet packets[4];
        struct frame f;

        packet_arp(&packets[0], b, a, 2, 1, 2);
        packet_udp(&packets[1], b, a, 1, 1000, 2, 53, question, packet_question(question));
        packet_tcp_syn(&packets[2], b, a, 1, 1000, 2, 80);
        packet_echo(&packets[3], b, a, 1, 2, 3);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(packets); i++)
                for (size_t len = 0; len < packets[i].len; len++) {
                        _cleanup_free_ uint8_t *data = hcs_memdup(packets[i].data, len);

                        assert_false(frame_parse(data, len, &f));
                        /* The same with a length that fits: what is in it ends early. */
                        if (i == 0 || len < FRAME_HEADER + 20)
                                continue;
                        data[FRAME_HEADER + 2] = 0;
                        data[FRAME_HEADER + 3] = (uint8_t)(len - FRAME_HEADER);
                        assert_true(frame_parse(data, len, &f));
                        assert_int_equal(frame_refuse_question(data, &f, out),
                                         i == 1 && len >= packets[1].len - 11 ? 69 : 0);
                }
}

static void what_the_switch_does_not_know_is_no_frame(void **state) {
        struct packet p;
        struct frame f;

        packet_udp(&p, b, a, 1, 1000, 2, 53, "", 0);
        p.data[12] = 0x81; /* a VLAN tag */
        p.data[13] = 0;
        assert_false(frame_parse(p.data, p.len, &f));
        packet_udp(&p, b, a, 1, 1000, 2, 53, "", 0);
        p.data[FRAME_HEADER] = 0x65;
        assert_false(frame_parse(p.data, p.len, &f));
        p.data[FRAME_HEADER] = 0x44; /* a header shorter than a header is */
        assert_false(frame_parse(p.data, p.len, &f));
        p.data[FRAME_HEADER] = 0x4f; /* longer than the packet */
        assert_false(frame_parse(p.data, p.len, &f));
}

static void checksums_follow_a_change(void **state) {
        struct packet p;
        struct frame f;

        for (unsigned i = 0; i < 4; i++) {
                if (i % 2)
                        packet_tcp_syn(&p, b, a, 0x0a000002, 1000, 0x0a000001, 53);
                else
                        packet_udp(&p, b, a, 0xfffffffe, 1000, 0x0a000001, 53, "abc", 3);
                assert_true(frame_parse(p.data, p.len, &f));
                assert_true(packet_is_sound(p.data, &f));
                if (i / 2)
                        frame_set_sender(p.data, &f, 0xc0000235, 5353);
                else
                        frame_set_target(p.data, &f, 0xffff0001, 1);
                assert_true(frame_parse(p.data, p.len, &f));
                assert_true(packet_is_sound(p.data, &f));
                assert_int_equal(i / 2 ? f.sender : f.target, i / 2 ? 0xc0000235 : 0xffff0001);
                assert_int_equal(i / 2 ? f.sender_port : f.target_port, i / 2 ? 5353 : 1);
        }
        /* None in UDP stays none. */
        packet_udp(&p, b, a, 1, 1000, 2, 53, "", 0);
        p.data[FRAME_HEADER + 26] = p.data[FRAME_HEADER + 27] = 0;
        assert_true(frame_parse(p.data, p.len, &f));
        frame_set_target(p.data, &f, 7, 7);
        assert_int_equal(p.data[FRAME_HEADER + 26] | p.data[FRAME_HEADER + 27], 0);
        assert_true(packet_is_sound(p.data, &f));
}

static void a_question_that_is_refused_comes_back_with_its_code(void **state) {
        uint8_t question[64], out[256];
        size_t size = packet_question(question), len;
        struct packet p;
        struct frame f;

        packet_udp(&p, b, a, 0x0a000002, 1000, 0x0a000001, 53, question, size);
        assert_true(frame_parse(p.data, p.len, &f));
        len = frame_refuse_question(p.data, &f, out);
        assert_true(frame_parse(out, len, &f));
        assert_int_equal(f.end, len);
        assert_true(packet_is_sound(out, &f));
        assert_memory_equal(f.to, a, FRAME_MAC);
        assert_memory_equal(f.from, b, FRAME_MAC);
        assert_int_equal(f.sender, 0x0a000001);
        assert_int_equal(f.target, 0x0a000002);
        assert_int_equal(f.sender_port, 53);
        assert_int_equal(f.target_port, 1000);
        /* The same id and question, an answer (0x80), recursion desired, REFUSED, no other records. */
        assert_memory_equal(out + f.transport + 8, "\x12\x34\x81\x05\0\1\0\0\0\0\0\0\1a\7example\0\0\1\0\1", 27);
        assert_int_equal(len, f.transport + 8 + 27);
        /* An answer is no question. */
        assert_int_equal(frame_refuse_question(out, &f, question), 0);
}

static void mac_addresses_come_in_two_writings(void **state) {
        uint8_t mac[FRAME_MAC];

        assert_true(frame_parse_mac("00-15-5D-00-00-01", mac));
        assert_memory_equal(mac, a, FRAME_MAC);
        assert_true(frame_parse_mac("00:15:5d:00:00:02", mac));
        assert_memory_equal(mac, b, FRAME_MAC);
        assert_false(frame_parse_mac("00-15-5D-00-00-0", mac));
        assert_false(frame_parse_mac("00-15-5D-00-00-0g", mac));
        assert_false(frame_parse_mac("00-15-5D-00-00.01", mac));
        assert_false(frame_parse_mac("01-15-5D-00-00-01", mac));
        assert_memory_equal(mac, b, FRAME_MAC);
}

HCS_TESTS(cmocka_unit_test(an_arp_question_says_who_asks_for_whom), cmocka_unit_test(a_piece_of_a_packet_has_no_ports),
          cmocka_unit_test(no_frame_that_ends_early_is_read_beyond_its_end),
          cmocka_unit_test(what_the_switch_does_not_know_is_no_frame), cmocka_unit_test(checksums_follow_a_change),
          cmocka_unit_test(a_question_that_is_refused_comes_back_with_its_code),
          cmocka_unit_test(mac_addresses_come_in_two_writings))
