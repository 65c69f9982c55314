// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "device/nvme/test_host.h"

namespace kelvin::device::nvme {
namespace {

using Entry = TestHost::Entry;

/// What a machine that is saved does.
state::Json save(TestHost& host) {
    state::Json saved;
    host.thread.loop.call([&] {
        host.nvme->savable()->quiesce();
        saved = *host.nvme->savable()->save();
    });
    return saved;
}

/// Equal when it is saved again before anything happens.
Result<> load(TestHost& host, const state::Json& saved) {
    Result<> outcome = ok();
    host.thread.loop.call([&] {
        outcome = host.nvme->savable()->load(saved);
        if (outcome) {
            EXPECT_EQ(state::Json::diff(saved, *host.nvme->savable()->save()), state::Json::array());
        }
    });
    return outcome;
}

void load_into_another(TestHost& host, const state::Json& saved, const Nvme::Options& options = {}) {
    // Switched off, so that it does not tell of its namespaces' going in the memory that the other one goes on with.
    host.write(reg::kConfiguration, 0);
    host.unplug();
    host.plug_in(options);
    const Result<> loaded = load(host, saved);
    ASSERT_TRUE(loaded) << loaded.error().message();
}

TEST(NvmeState, AnotherGoesOnWithQueuesAndWhatIsInThem) {
    TestHost host;
    host.enable_messages();
    host.enable();
    host.create_pair(2, 4);
    const u64 data = host.allocate();
    std::ranges::fill(host.disk.content, u8{0x5a});
    // At work, waiting for room, and not looked at yet: three entries are all that the queues hold.
    host.thread.loop.call([&] { host.disk.held = true; });
    for (u64 block = 0; block < 3; ++block) {
        host.offer(2, TestHost::blocks(Opcode::read, block, 1, data + 512 * block));
    }
    host.settle();
    EXPECT_FALSE(host.poll(2, false));
    const state::Json saved = save(host);
    EXPECT_EQ(host.load<u8>(data + 1024), 0x5a) << "what the disk worked on was waited for";
    ASSERT_TRUE(host.poll(2, false));
    const unsigned messages = host.messages[2];
    EXPECT_GT(messages, 0U);

    load_into_another(host, saved);
    EXPECT_TRUE(host.ready());
    host.thread.loop.call([&] { host.disk.held = false; });
    EXPECT_EQ(host.wait(2).status, Status::success);
    EXPECT_EQ(host.wait(2).status, Status::success);
    for (int count = 0; count < 9; ++count) {
        EXPECT_EQ(host.run(2, TestHost::blocks(Opcode::read, 7, 1, data)).status, Status::success);
    }
    EXPECT_GT(host.messages[2], messages);
    EXPECT_EQ(host.run(0, {.opcode = 0, .words = {2}}).status, Status::success);
    EXPECT_EQ(host.run(0, {.opcode = 4, .words = {2}}).status, Status::success);
}

TEST(NvmeState, CompletionsThatWaitForRoomAreKept) {
    TestHost host;
    host.enable();
    host.create_pair(1, 4);
    // The same places rung again: more commands than completions have room for.
    for (int count = 0; count < 3; ++count) {
        host.offer(1, {.opcode = 0});
    }
    host.settle();
    for (int count = 0; count < 2; ++count) {
        host.offer(1, {.opcode = 0});
    }
    host.settle();
    const state::Json saved = save(host);
    EXPECT_EQ(saved["controller"]["ready"]["completions"][1]["waiting"].size(), 2U);
    EXPECT_TRUE(saved["function"]["intx"]);
    load_into_another(host, saved);
    EXPECT_TRUE(host.line);
    for (int count = 0; count < 5; ++count) {
        EXPECT_EQ(host.wait(1).status, Status::success);
    }
    EXPECT_FALSE(host.poll(1));
    EXPECT_FALSE(host.line);
}

TEST(NvmeState, CommandsNotLookedAtAreKept) {
    TestHost host;
    host.enable();
    host.create_pair(1);
    state::Json saved;
    host.thread.loop.call([&] {
        host.offer(1, {.opcode = 0});
        host.nvme->savable()->quiesce();
        saved = *host.nvme->savable()->save();
        host.nvme->reset();
    });
    EXPECT_EQ(saved["controller"]["ready"]["submissions"][1]["head"], 0);
    load_into_another(host, saved);
    EXPECT_EQ(host.wait(1).status, Status::success);
}

TEST(NvmeState, FeaturesEventsAndLogsAreKept) {
    TestHost host;
    host.enable();
    const u16 asked = host.offer(0, {.opcode = 0x0c});
    host.offer(0, {.opcode = 0x0c});
    const auto set = [&](u32 feature, u32 value) {
        return host.run(0, {.opcode = 9, .words = {feature, value}}).status;
    };
    const auto get = [&](u32 feature, u32 value) {
        return host.run(0, {.opcode = 10, .words = {feature, value}}).result;
    };
    EXPECT_EQ(set(1, 0x12345678), Status::success);
    EXPECT_EQ(set(6, 0), Status::success);
    EXPECT_EQ(set(9, 1 << 16 | 7), Status::success);
    EXPECT_EQ(set(9, 1 << 16 | 3), Status::success);
    EXPECT_EQ(set(0xa, 1), Status::success);
    EXPECT_EQ(set(0xb, 1 << 8), Status::success);
    EXPECT_EQ(set(0x42, 1), Status::invalid_field);
    const state::Json saved = save(host);
    EXPECT_EQ(saved["controller"]["ready"]["event_requests"].size(), 2U);
    EXPECT_EQ(saved["controller"]["errors"].size(), 1U);

    load_into_another(host, saved);
    EXPECT_EQ(get(1, 0), 0x12345678U);
    EXPECT_EQ(get(6, 0), 0U);
    EXPECT_EQ(get(9, 3), 1U << 16 | 3);
    EXPECT_EQ(get(9, 4), 4U);
    EXPECT_EQ(get(9, 7), 1U << 16 | 7);
    EXPECT_EQ(get(0xa, 0), 1U);
    EXPECT_EQ(get(0xb, 0), 1U << 8);
    const auto errors = host.ask({.opcode = 2, .space = kAllNamespaces, .words = {1 | 255 << 16}}, 1024);
    EXPECT_EQ(errors[0], 1);
    // The requests wait on.
    host.offer(0, {.opcode = 9, .words = {4, 300}});
    const auto event = host.wait(0);
    EXPECT_EQ(event.command, asked);
    EXPECT_EQ(event.result, 0x20101U);
}

TEST(NvmeState, OneThatIsOffOrHasFailed) {
    TestHost host;
    const state::Json off = save(host);
    EXPECT_TRUE(off["controller"]["ready"].is_null());
    host.write(reg::kAdminQueueAttributes, 0x10001);
    host.write(reg::kAdminSubmissionBase, 0x1000, 8);
    host.write(reg::kConfiguration, 1);
    EXPECT_EQ(host.status(), csts::kFatal);
    const state::Json failed = save(host);
    ASSERT_TRUE(load(host, off));
    EXPECT_EQ(host.status(), 0U);
    EXPECT_EQ(host.read(reg::kAdminQueueAttributes), 0U);
    load_into_another(host, failed);
    EXPECT_EQ(host.status(), csts::kFatal);
    host.enable();
    host.write(reg::kConfiguration, TestHost::kEnable | 1 << 14);
    host.settle();
    EXPECT_EQ(host.status(), csts::kReady | csts::kShutdownComplete);
    const state::Json shut = save(host);
    load_into_another(host, shut);
    EXPECT_EQ(host.status(), csts::kReady | csts::kShutdownComplete);
}

TEST(NvmeState, WhatNoHostCanHaveDoneIsRefused) {
    TestHost host;
    host.enable();
    host.create_pair(1);
    const state::Json good = save(host);
    const auto refusal = [&](const char* pointer, const state::Json& value) {
        state::Json bad = good["controller"];
        bad[state::Json::json_pointer(pointer)] = value;
        state::Json all = good;
        all["controller"] = bad;
        const Result<> outcome = load(host, all);
        return outcome ? "" : outcome.error().message();
    };
    const auto refuses = [&](const char* pointer, const state::Json& value, std::string_view why) {
        EXPECT_NE(refusal(pointer, value).find(why), std::string::npos) << pointer << ": " << refusal(pointer, value);
    };
    refuses("/configuration", 2, "no host can set");
    refuses("/admin_completions", 7, "no host can set");
    refuses("/status", 0, "status 0x0 does not go with configuration");
    refuses("/status", 5, "does not go with");
    refuses("/ready", nullptr, "it is ready, and has no queues");
    refuses("/namespaces/0/blocks", 5, ".namespaces[0]: there was namespace 1 with 5 blocks of 512 bytes; this");
    refuses("/namespaces", state::Json::array(), "there was none more; this controller has namespace 1");
    refuses("/ready/page_size", 5000, ".page_size: 5000");
    refuses("/ready/page_size", 65536, "queue 0 is not in RAM, or not at a page");
    refuses("/ready/submissions/1/id", 65, "are not numbered");
    refuses("/ready/submissions/1/id", 0, "are not numbered");
    refuses("/ready/submissions/1/completions", 0, "has its completions in 0");
    refuses("/ready/submissions/1/completions", 9, "has its completions in 9");
    refuses("/ready/submissions/1/size", 1, "queue 1 has 1 entries");
    refuses("/ready/submissions/1/size", 4096, "not from 2 to 2048");
    refuses("/ready/submissions/1/head", 16, "stands at 16");
    refuses("/ready/submissions/1/base", 0x1000, "queue 1 is not in RAM");
    refuses("/ready/completions/1/tail", 16, "stands at 0 and 16");
    refuses("/ready/completions/1/vector", 65, "cannot interrupt by vector 65");
    refuses("/ready/completions/0/interrupts", false, "queue 0 cannot interrupt");
    refuses("/ready/events", {{{"type", 3}, {"information", 0}, {"log_page", 0}}}, "events are none");
    refuses("/ready/event_requests", {1, 2, 3, 4, 5}, "more requests wait");
    refuses("/ready/features/uncoalesced", {5, 5}, "features are none");
    refuses("/ready/features/events", 0x200, "features are none");
    refuses("/ready/changed", {0}, "changed namespaces are none");
    const state::Json completion = {
        {"result", 0}, {"submission_head", 0}, {"submission_queue", 0}, {"command", 0}, {"status", 0}};
    refuses("/ready/completions/1/waiting", state::Json::array({completion}), "queue 1 has a completion of queue 0");
    refuses("/ready/completions/0/waiting", std::vector<state::Json>(30, completion), "more than 20 commands");
    // None of it has done harm.
    ASSERT_TRUE(load(host, good));
    EXPECT_EQ(host.run(1, {.opcode = 0}).status, Status::success);
}

}  // namespace
}  // namespace kelvin::device::nvme
