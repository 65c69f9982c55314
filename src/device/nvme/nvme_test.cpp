// SPDX-License-Identifier: Apache-2.0
#include "device/nvme/nvme.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "device/nvme/test_host.h"

namespace kelvin::device::nvme {
namespace {

using Entry = TestHost::Entry;
constexpr u64 kPage = TestHost::kPage;
constexpr u64 kNowhere = 0x10000000;

std::vector<u8> pattern(std::size_t size, u8 seed) {
    std::vector<u8> data(size);
    std::iota(data.begin(), data.end(), seed);
    for (std::size_t i = 0; i < size; i += 512) {
        data[i] = static_cast<u8>(i / 512 + seed);
    }
    return data;
}

TEST(Nvme, Registers) {
    TestHost host;
    const u64 capabilities = host.read(0, 8);
    EXPECT_EQ(capabilities & 0xffff, 0x7ffU);
    EXPECT_EQ(capabilities >> 16 & 1, 1U);
    EXPECT_EQ(capabilities >> 37 & 1, 1U);
    EXPECT_EQ(host.read(4), capabilities >> 32);
    EXPECT_EQ(host.read(reg::kVersion), 0x10400U);
    EXPECT_EQ(host.status(), 0U);
    host.write(reg::kMaskSet, 5);
    host.write(reg::kMaskClear, 4);
    EXPECT_EQ(host.read(reg::kMaskSet), 1U);
    host.write(reg::kAdminSubmissionBase, 0x1234567890, 8);
    EXPECT_EQ(host.read(reg::kAdminSubmissionBase, 8), 0x1234567000U);
    host.write(reg::kAdminCompletionBase + 4, 0x12);
    EXPECT_EQ(host.read(reg::kAdminCompletionBase, 8), 0x1200000000U);
    host.write(reg::kAdminQueueAttributes, 0xffffffff);
    EXPECT_EQ(host.read(reg::kAdminQueueAttributes), 0x0fff0fffU);
    host.write(reg::kStatus, 0xffffffff);
    EXPECT_EQ(host.status(), 0U);
    host.nvme->reset();
    EXPECT_EQ(host.read(reg::kAdminQueueAttributes), 0U);
    EXPECT_EQ(host.read(reg::kMaskSet), 0U);
}

TEST(Nvme, EnablesOnlyWhatItCan) {
    TestHost host;
    host.enable();
    EXPECT_TRUE(host.ready());
    host.write(reg::kConfiguration, 0);
    EXPECT_FALSE(host.ready());
    const auto enables = [&](u64 base, u32 attributes, u32 configuration) {
        host.write(reg::kConfiguration, 0);
        host.write(reg::kAdminSubmissionBase, base, 8);
        host.write(reg::kAdminQueueAttributes, attributes);
        host.write(reg::kConfiguration, configuration);
        return host.status();
    };
    EXPECT_EQ(enables(TestHost::kRam, 0x10001, 1), csts::kReady);
    EXPECT_EQ(enables(kNowhere, 0x10001, 1), csts::kFatal);
    EXPECT_EQ(enables(TestHost::kRam, 0x10000, 1), csts::kFatal);
    EXPECT_EQ(enables(TestHost::kRam, 0x00001, 1), csts::kFatal);
    EXPECT_EQ(enables(TestHost::kRam, 0x10001, 1 | 1 << 4), csts::kFatal);   // another command set
    EXPECT_EQ(enables(TestHost::kRam, 0x10001, 1 | 1 << 11), csts::kFatal);  // another arbitration
    EXPECT_EQ(enables(TestHost::kRam, 0x10001, 1 | 5 << 7), csts::kFatal);   // pages of 128 KiB
    EXPECT_EQ(enables(TestHost::kRam + 0x1000, 0x10001, 1 | 4 << 7), csts::kFatal);
    EXPECT_EQ(enables(TestHost::kRam + 0x10000, 0x10001, 1 | 4 << 7), csts::kFatal);  // completions are not aligned
    host.write(reg::kConfiguration, 0);
    EXPECT_EQ(host.status(), 0U);
}

TEST(Nvme, Identifies) {
    TestHost host;
    host.enable();
    const auto controller = host.ask({.opcode = 6, .words = {1}});
    EXPECT_EQ(std::string(controller.begin() + 4, controller.begin() + 24), "N1                  ");
    EXPECT_EQ(controller[77], 7);
    EXPECT_EQ(controller[512], 0x66);
    EXPECT_EQ(controller[513], 0x44);
    const auto space = host.ask({.opcode = 6, .words = {0}});
    EXPECT_EQ(space[1], 8);  // 2048 blocks
    EXPECT_EQ(space[130], 9);
    EXPECT_EQ(host.ask({.opcode = 6, .space = 2, .words = {0}}), std::vector<u8>(kPage));
    const auto list = host.ask({.opcode = 6, .space = 0, .words = {2}});
    EXPECT_EQ(list[0], 1);
    EXPECT_EQ(list[4], 0);
    EXPECT_EQ(host.ask({.opcode = 6, .space = 1, .words = {2}}), std::vector<u8>(kPage));
    const auto descriptors = host.ask({.opcode = 6, .words = {3}});
    EXPECT_EQ(descriptors[0], 3);
    EXPECT_EQ(descriptors[1], 16);
    EXPECT_EQ(descriptors[20], 0);
    EXPECT_EQ(host.run(0, {.opcode = 6, .space = 2, .words = {3}}).status, Status::invalid_field);
    EXPECT_EQ(host.run(0, {.opcode = 6, .space = 300, .words = {0}}).status, Status::invalid_namespace);
    EXPECT_EQ(host.run(0, {.opcode = 6, .words = {0x42}}).status, Status::invalid_field);
    EXPECT_EQ(host.run(0, {.opcode = 0x80}).status, Status::invalid_opcode);  // Format NVM
}

TEST(Nvme, MovesDataByPages) {
    TestHost host;
    host.enable();
    host.create_pair(1);
    // 40 KiB from the middle of a page on, by a list that lies at its page's end and goes on in another.
    constexpr u64 kSize = 40960;
    const u64 first = host.allocate();
    const u64 list = host.allocate();
    const u64 more = host.allocate();
    std::vector<u64> pages{first + 512};
    std::vector<u8> data = pattern(kSize, 3);
    for (u64 at = kPage - 512; at < kSize; at += kPage) {
        pages.push_back(host.allocate() + (pages.size() % 2) * kPage);
        host.allocate();
    }
    u64 at = 0;
    for (std::size_t i = 0; i < pages.size(); ++i) {
        const u64 size = std::min<u64>(i == 0 ? kPage - 512 : kPage, kSize - at);
        ASSERT_TRUE(host.map.copy_out({pages[i]}, std::span(data).subspan(at, size)));
        at += size;
        if (i != 0) {
            host.store<u64>(i < 3 ? list + kPage - 32 + 8 * i : more + 8 * (i - 3), pages[i]);
        }
    }
    host.store<u64>(list + kPage - 8, more);
    const Entry write = TestHost::blocks(Opcode::write, 100, kSize / 512, pages[0], list + kPage - 24);
    EXPECT_EQ(host.run(1, write).status, Status::success);
    EXPECT_TRUE(std::equal(data.begin(), data.end(), host.disk.content.begin() + 51200));
    const u64 back = host.allocate(2 * kPage);
    EXPECT_EQ(host.run(1, TestHost::blocks(Opcode::read, 101, 16, back, back + kPage)).status, Status::success);
    EXPECT_EQ(host.bytes(back, 8192), std::vector<u8>(data.begin() + 512, data.begin() + 8704));
    EXPECT_EQ(host.disk.durable, 0);
}

TEST(Nvme, MovesDataByLists) {
    TestHost host;
    host.enable();
    host.create_pair(1);
    const u64 data = host.allocate(2 * kPage);
    const u64 segments = host.allocate();
    const std::vector<u8> content = pattern(1024, 9);
    ASSERT_TRUE(host.map.copy_out({data}, std::span(content).first(1023)));
    ASSERT_TRUE(host.map.copy_out({data + 5000}, std::span(content).last(1)));
    const auto descriptor = [&](u64 at, u64 address, u32 length, u8 type) {
        host.store<u64>(at, address);
        host.store<u64>(at + 8, length | u64{type} << 60);
    };
    descriptor(segments, data, 1023, 0);
    descriptor(segments + 16, 0, 0, 0);
    descriptor(segments + 32, segments + 256, 16, 3);
    descriptor(segments + 256, data + 5000, 1, 0);
    Entry write = TestHost::blocks(Opcode::write, 7, 2, segments, 48 | u64{2} << 60);
    write.flags = 1 << 6;
    EXPECT_EQ(host.run(1, write).status, Status::success);
    EXPECT_TRUE(std::equal(content.begin(), content.end(), host.disk.content.begin() + 3584));
    // One descriptor in the command itself.
    Entry read = TestHost::blocks(Opcode::read, 7, 2, data + 2048, 1024);
    read.flags = 1 << 6;
    EXPECT_EQ(host.run(1, read).status, Status::success);
    EXPECT_EQ(host.bytes(data + 2048, 1024), content);

    const auto fails = [&](u64 address, u64 rest) {
        Entry bad = write;
        bad.prp1 = address;
        bad.prp2 = rest;
        return host.run(1, bad).status;
    };
    EXPECT_EQ(fails(data, 1023), Status::sgl_length_invalid);
    EXPECT_EQ(fails(data, 1025), Status::sgl_length_invalid);
    EXPECT_EQ(fails(kNowhere, 1024), Status::data_transfer_error);
    EXPECT_EQ(fails(kNowhere, 48 | u64{2} << 60), Status::data_transfer_error);
    EXPECT_EQ(fails(data, 1024 | u64{1} << 60), Status::sgl_type_invalid);
    EXPECT_EQ(fails(data, 1024 | u64{1} << 56), Status::sgl_type_invalid);
    EXPECT_EQ(fails(segments, 47 | u64{2} << 60), Status::invalid_sgl_segment);
    EXPECT_EQ(fails(segments, 48 | u64{3} << 60), Status::invalid_sgl_segment);  // a segment in the last one
    descriptor(segments, segments, 16, 2);
    EXPECT_EQ(fails(segments, 16 | u64{2} << 60), Status::invalid_sgl_count);  // a segment that leads to itself
    write.flags = 3 << 6;
    EXPECT_EQ(host.run(1, write).status, Status::invalid_field);
}

TEST(Nvme, RefusesBadPlacesAndRanges) {
    TestHost host;
    host.enable();
    host.create_pair(1);
    const u64 page = host.allocate();
    const auto status = [&](const Entry& entry) { return host.run(1, entry).status; };
    const auto read = [](u64 first, u32 count, u64 prp1, u64 prp2 = 0) {
        return TestHost::blocks(Opcode::read, first, count, prp1, prp2);
    };
    EXPECT_EQ(status(read(0, 1, page + 2)), Status::invalid_prp_offset);
    EXPECT_EQ(status(read(0, 16, page, page + 8)), Status::invalid_prp_offset);
    EXPECT_EQ(status(read(0, 64, page, page + 4)), Status::invalid_prp_offset);
    host.store<u64>(page, page + 512);
    EXPECT_EQ(status(read(0, 64, page, page)), Status::invalid_prp_offset);
    EXPECT_EQ(status(read(0, 1, kNowhere)), Status::data_transfer_error);
    EXPECT_EQ(status(read(0, 16, page, kNowhere)), Status::data_transfer_error);
    EXPECT_EQ(status(read(0, 64, page, kNowhere)), Status::data_transfer_error);
    EXPECT_EQ(status(read(0, 16, ~u64{0xfff}, 0)), Status::data_transfer_error);
    // A list that goes on in itself, at a place that is none for it.
    host.store<u64>(page + kPage - 8, page + kPage - 8);
    EXPECT_EQ(status(read(0, 64, page, page + kPage - 8)), Status::invalid_prp_offset);
    EXPECT_EQ(status(read(2048, 1, page)), Status::lba_out_of_range);
    EXPECT_EQ(status(read(2047, 2, page)), Status::lba_out_of_range);
    EXPECT_EQ(status(read(~u64{0}, 1, page)), Status::lba_out_of_range);
    EXPECT_EQ(status(read(0, 0x10000, page)), Status::invalid_field);
    Entry other = read(0, 1, page);
    other.space = 2;
    EXPECT_EQ(status(other), Status::invalid_field);
    other.space = 0xffffffff;
    EXPECT_EQ(status(other), Status::invalid_namespace);
    other.space = 1;
    other.flags = 1;
    EXPECT_EQ(status(other), Status::invalid_field);
    EXPECT_EQ(status({.opcode = 0x99}), Status::invalid_opcode);
    host.disk.broken = true;
    EXPECT_EQ(status(read(0, 1, page)), Status::unrecovered_read_error);
    EXPECT_EQ(status(TestHost::blocks(Opcode::write, 0, 1, page)), Status::write_fault);
    host.disk.frozen = true;
    EXPECT_EQ(status(TestHost::blocks(Opcode::write, 0, 1, page)), Status::namespace_write_protected);
    EXPECT_EQ(status(TestHost::blocks(Opcode::write_zeroes, 0, 1, page)), Status::namespace_write_protected);
}

TEST(Nvme, ClearsComparesAndFlushes) {
    TestHost host;
    host.enable();
    host.create_pair(1);
    std::ranges::fill(host.disk.content, u8{1});
    EXPECT_EQ(host.run(1, TestHost::blocks(Opcode::write_zeroes, 1, 2)).status, Status::success);
    EXPECT_EQ(host.disk.content[511], 1);
    EXPECT_EQ(host.disk.content[512], 0);
    EXPECT_EQ(host.disk.content[1536], 1);
    const u64 ranges = host.allocate();
    host.store<u64>(ranges, u64{2} << 32);
    host.store<u64>(ranges + 8, 10);
    host.store<u64>(ranges + 16, u64{0} << 32);
    host.store<u64>(ranges + 32, u64{1} << 32);
    host.store<u64>(ranges + 40, 2047);
    const Entry deallocate{.opcode = 9, .prp1 = ranges, .words = {2, 4}};
    EXPECT_EQ(host.run(1, deallocate).status, Status::success);
    EXPECT_EQ(std::ranges::count(host.disk.content, 0), 5 * 512);
    host.store<u64>(ranges + 40, 2048);
    EXPECT_EQ(host.run(1, deallocate).status, Status::lba_out_of_range);
    EXPECT_EQ(host.run(1, {.opcode = 9, .prp1 = ranges, .words = {2, 0}}).status, Status::success);
    // As much as there is once; what comes then, and lies over it, has no effect: blocks 1 and on, but not block 0.
    std::ranges::fill(host.disk.content, u8{1});
    host.store<u64>(ranges, u64{2047} << 32);
    host.store<u64>(ranges + 8, 1);
    host.store<u64>(ranges + 16, u64{2047} << 32);
    host.store<u64>(ranges + 24, 0);
    EXPECT_EQ(host.run(1, {.opcode = 9, .prp1 = ranges, .words = {1, 4}}).status, Status::success);
    EXPECT_EQ(std::ranges::count(host.disk.content, 0), 2047 * 512);

    const u64 data = host.allocate(32768);
    const u64 list = host.allocate();
    for (u64 i = 0; i < 7; ++i) {
        host.store<u64>(list + 8 * i, data + kPage * (i + 1));
    }
    ASSERT_TRUE(host.map.copy_out({data}, std::span(host.disk.content).first(32768)));
    const Entry compare = TestHost::blocks(Opcode::compare, 0, 64, data, list);
    EXPECT_EQ(host.run(1, compare).status, Status::success);
    host.disk.content[32767] = 9;
    EXPECT_EQ(host.run(1, compare).status, Status::compare_failure);

    EXPECT_EQ(host.run(1, {.opcode = 0}).status, Status::success);
    EXPECT_EQ(host.disk.durable, 1);
    Entry write = TestHost::blocks(Opcode::write, 0, 1, data);
    write.words[2] |= 1 << 30;
    EXPECT_EQ(host.run(1, write).status, Status::success);
    EXPECT_EQ(host.disk.durable, 2);
    EXPECT_EQ(host.run(0, {.opcode = 9, .space = 0, .words = {6, 0}}).status, Status::success);
    EXPECT_EQ(host.run(0, {.opcode = 10, .space = 0, .words = {6}}).result, 0U);
    write.words[2] = 0;
    EXPECT_EQ(host.run(1, write).status, Status::success);
    EXPECT_EQ(host.disk.durable, 3);
    host.write(reg::kConfiguration, TestHost::kEnable | 1 << 14);
    host.settle();
    EXPECT_EQ(host.status() & csts::kShutdownMask, csts::kShutdownComplete);
    EXPECT_EQ(host.disk.durable, 4);
}

TEST(Nvme, QueuesAreMadeAndDeletedByTheRules) {
    TestHost host({.max_ioqpairs = 4, .msix_qsize = 3});
    host.enable();
    const u64 page = host.allocate();
    const auto run = [&](u8 opcode, u32 word10, u32 word11, u64 prp1) {
        return host.run(0, {.opcode = opcode, .prp1 = prp1, .words = {word10, word11}}).status;
    };
    EXPECT_EQ(host.run(0, {.opcode = 9, .words = {7, 0x00100010}}).result, 0x30003U);
    EXPECT_EQ(run(5, 0x30000, 3, page), Status::invalid_queue_identifier);
    EXPECT_EQ(run(5, 0x30005, 3, page), Status::invalid_queue_identifier);
    EXPECT_EQ(run(5, 0x00001, 3, page), Status::invalid_queue_size);
    EXPECT_EQ(run(5, 0x8000001, 3, page), Status::invalid_queue_size);
    EXPECT_EQ(run(5, 0x30001, 3 | 3 << 16, page), Status::invalid_interrupt_vector);
    EXPECT_EQ(run(5, 0x30001, 3, page + 16), Status::invalid_prp_offset);
    EXPECT_EQ(run(5, 0x30001, 2, page), Status::invalid_field);
    EXPECT_EQ(run(5, 0x30001, 3, kNowhere), Status::invalid_field);
    EXPECT_EQ(run(1, 0x30001, 1 | 1 << 16, page), Status::completion_queue_invalid);
    host.create_pair(1);
    EXPECT_EQ(run(9, 7, 0, 0), Status::command_sequence_error);
    EXPECT_EQ(run(5, 0x30001, 3, page), Status::invalid_queue_identifier);
    EXPECT_EQ(run(1, 0x30001, 1 | 1 << 16, page), Status::invalid_queue_identifier);
    EXPECT_EQ(run(1, 0x30002, 1, page), Status::completion_queue_invalid);
    EXPECT_EQ(run(1, 0x30002, 0 | 1 << 16, page), Status::invalid_field);
    EXPECT_EQ(run(4, 1, 0, 0), Status::invalid_queue_deletion);
    EXPECT_EQ(run(4, 0, 0, 0), Status::invalid_queue_identifier);
    EXPECT_EQ(run(0, 0, 0, 0), Status::invalid_queue_identifier);
    EXPECT_EQ(run(0, 2, 0, 0), Status::invalid_queue_identifier);
    // Commands in work are complete when their queue is gone.
    host.disk.held = true;
    host.offer(1, TestHost::blocks(Opcode::read, 0, 1, page));
    host.settle();
    EXPECT_EQ(run(0, 1, 0, 0), Status::success);
    EXPECT_TRUE(host.poll(1));
    EXPECT_EQ(run(4, 1, 0, 0), Status::success);
    host.disk.held = false;
    host.create_pair(1);
    EXPECT_EQ(host.run(1, TestHost::blocks(Opcode::read, 0, 1, page)).status, Status::success);
}

TEST(Nvme, CompletionsWaitForRoom) {
    TestHost host;
    host.enable();
    host.create_pair(1, 4);
    for (int i = 0; i < 3; ++i) {
        host.offer(1, {.opcode = 0});
    }
    host.settle();
    host.settle();
    // The queue is full with three; the host consumes none of them in the controller's eyes.
    EXPECT_TRUE(host.poll(1, false));
    EXPECT_TRUE(host.poll(1, false));
    for (int i = 0; i < 3; ++i) {
        host.offer(1, {.opcode = 0});
    }
    host.settle();
    host.settle();
    EXPECT_TRUE(host.poll(1, false));
    EXPECT_FALSE(host.poll(1, false));
    host.write(reg::kDoorbells + 12, host.queue(1).head);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(host.wait(1).status, Status::success);
    }
    EXPECT_FALSE(host.poll(1));
}

TEST(Nvme, Interrupts) {
    TestHost host;
    host.enable();
    EXPECT_FALSE(host.line);
    host.offer(0, {.opcode = 6, .words = {0x42}});
    host.settle();
    EXPECT_TRUE(host.line);
    host.write(reg::kMaskSet, 1);
    EXPECT_FALSE(host.line);
    host.write(reg::kMaskClear, 1);
    EXPECT_TRUE(host.line);
    EXPECT_TRUE(host.poll(0));
    EXPECT_FALSE(host.line);
    host.offer(0, {.opcode = 6, .words = {0x42}});
    host.settle();
    EXPECT_TRUE(host.line);
    host.enable_messages();
    EXPECT_FALSE(host.line);
    EXPECT_TRUE(host.poll(0));
    host.create_pair(3);
    const unsigned before = host.messages[3];
    EXPECT_EQ(host.run(3, {.opcode = 0}).status, Status::success);
    host.settle();
    EXPECT_EQ(host.messages[3], before + 1);
    EXPECT_GE(host.messages[0], 2U);
    EXPECT_FALSE(host.line);
}

TEST(Nvme, EventsAndLogs) {
    TestHost host;
    host.enable();
    for (int i = 0; i < 4; ++i) {
        host.offer(0, {.opcode = 12});
    }
    EXPECT_EQ(host.run(0, {.opcode = 12}).status, Status::too_many_event_requests);
    host.write(reg::kDoorbells + 8, 1);  // a queue that is not there
    EXPECT_EQ(host.wait(0).result, 0x010000U);
    host.write(reg::kDoorbells, 16);  // beyond the end: quiet until the log was read
    host.settle();
    EXPECT_FALSE(host.poll(0));
    const u64 page = host.allocate();
    host.offer(0, {.opcode = 2, .space = 0xffffffff, .prp1 = page, .words = {15 << 16 | 1}});
    EXPECT_EQ(host.wait(0).result, 0x010100U);
    EXPECT_EQ(host.wait(0).status, Status::success);
    EXPECT_EQ(host.load<u64>(page), 1U);  // the one error: too many requests
    EXPECT_EQ(host.load<u16>(page + 12), 0x4105 << 1 & 0xffff);
    // One of the two that are left is aborted.
    const u16 wanted = host.offer(0, {.opcode = 12});
    EXPECT_EQ(host.run(0, {.opcode = 8, .words = {u32{0xfff0} << 16}}).result, 1U);
    host.offer(0, {.opcode = 8, .words = {u32{wanted} << 16}});
    const auto aborted = host.wait(0);
    EXPECT_EQ(aborted.command, wanted);
    EXPECT_EQ(aborted.status, Status::abort_requested);
    EXPECT_EQ(host.wait(0).result, 0U);

    host.offer(0, {.opcode = 9, .words = {4, 300}});
    EXPECT_EQ(host.wait(0).result, 0x020101U);
    EXPECT_EQ(host.wait(0).status, Status::success);
    const auto health = host.ask({.opcode = 2, .words = {127 << 16 | 2}}, 512);
    EXPECT_EQ(health[0], 2);
    const auto firmware = host.ask({.opcode = 2, .words = {1 << 16 | 3, 0, 8}}, 8);
    EXPECT_EQ(std::string(firmware.begin(), firmware.end()), "1.0     ");
    EXPECT_EQ(host.run(0, {.opcode = 2, .words = {1 << 16 | 0x70}}).status, Status::invalid_log_page);
    EXPECT_EQ(host.run(0, {.opcode = 2, .words = {1 << 16 | 3, 0, 2}}).status, Status::invalid_field);
    EXPECT_EQ(host.run(0, {.opcode = 2, .words = {1 << 16 | 3, 0, 516}}).status, Status::invalid_field);
}

TEST(Nvme, NamespacesComeAndGo) {
    TestHost host;
    backend::TestDisk other(host.thread.loop);
    NvmeNamespace added({}, other);
    bus::Bus& bus = *host.nvme->buses()[0];
    EXPECT_EQ(bus.name(), "nvme0");
    host.enable();
    EXPECT_EQ(host.run(0, {.opcode = 9, .words = {11, 1 << 8}}).status, Status::success);
    host.offer(0, {.opcode = 12});
    ASSERT_TRUE(bus.attach(added, true));
    EXPECT_EQ(bus.place_of(added), "nsid 2");
    EXPECT_EQ(host.wait(0).result, 0x040002U);
    const auto list = host.ask({.opcode = 2, .space = 0xffffffff, .words = {1023 << 16 | 4}});
    EXPECT_EQ(list[0], 2);
    EXPECT_EQ(list[4], 0);
    host.create_pair(1);
    Entry write = TestHost::blocks(Opcode::write, 0, 1, host.allocate());
    write.space = 2;
    EXPECT_EQ(host.run(1, write).status, Status::success);
    other.held = true;
    host.offer(1, write);
    host.settle();
    bus.detach(added);
    EXPECT_EQ(host.wait(1).status, Status::success);
    EXPECT_EQ(host.run(1, write).status, Status::invalid_field);
    NvmeNamespace same({.space = {}, .nsid = 1}, other);
    EXPECT_FALSE(bus.attach(same, true));
}

TEST(Nvme, ResetAndUnplugInTheMiddle) {
    TestHost host;
    host.enable();
    host.create_pair(1);
    host.disk.held = true;
    const u64 page = host.allocate();
    for (int i = 0; i < 8; ++i) {
        host.offer(1, TestHost::blocks(Opcode::read, 0, 8, page));
    }
    host.settle();
    EXPECT_EQ(host.disk.waiting.size(), 8U);
    host.write(reg::kConfiguration, 0);
    EXPECT_TRUE(host.disk.waiting.empty());
    EXPECT_FALSE(host.poll(1));
    host.enable();
    host.create_pair(1);
    host.offer(1, TestHost::blocks(Opcode::read, 0, 8, page));
    host.offer(0, {.opcode = 12});
    host.settle();
    host.write(reg::kConfiguration, TestHost::kEnable | 1 << 14);
    host.unplug();
    EXPECT_TRUE(host.disk.waiting.empty());
}

}  // namespace
}  // namespace kelvin::device::nvme
