// SPDX-License-Identifier: Apache-2.0
#include "vm/event_queue.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

#include "base/loop_thread.h"

namespace kelvin::vm {
namespace {

constexpr i64 kNsPerMs = 1'000'000;

struct Rig {
    explicit Rig(i64 apart_ns) {
        const auto tell = [this](const std::string& name, const state::Json& data) {
            told.push_back(name + data["id"].get<std::string>() + (data["open"].get<bool>() ? "+" : "-"));
        };
        thread.loop.call([&] { queue.emplace(thread.loop, tell, apart_ns); });
    }
    ~Rig() {
        thread.loop.call([&] { queue.reset(); });
    }
    void add(const char* id, bool open) { queue->add("E ", {{"id", id}, {"open", open}}); }
    std::vector<std::string> all() {
        std::vector<std::string> copy;
        thread.loop.call([&] { copy = told; });
        return copy;
    }

    LoopThread thread;
    std::vector<std::string> told;  // on the loop's thread
    std::optional<EventQueue> queue;
};

using Words = std::vector<std::string>;

TEST(EventQueue, TellsAtOnceInTheirOrder) {
    Rig rig(3600 * 1000 * kNsPerMs);
    rig.add("b", true);
    rig.add("a", true);
    rig.add("c", false);
    EXPECT_EQ(rig.all(), (Words{"E b+", "E a+", "E c-"}));
}

TEST(EventQueue, AGuestThatChangesItsMindIsHeardOnce) {
    Rig rig(3600 * 1000 * kNsPerMs);
    rig.add("a", true);
    EXPECT_EQ(rig.all(), Words{"E a+"});
    for (int count = 0; count < 100'000; ++count) {
        rig.add("a", count % 2 != 0);
    }
    rig.add("b", false);
    EXPECT_EQ(rig.all(), (Words{"E a+", "E b-"}));
}

TEST(EventQueue, TheLatestIsToldInTheEnd) {
    Rig rig(20 * kNsPerMs);
    rig.add("a", true);
    EXPECT_EQ(rig.all(), Words{"E a+"});
    rig.add("a", true);
    rig.add("a", false);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (rig.all().size() < 2 && std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_EQ(rig.all().back(), "E a-");
}

}  // namespace
}  // namespace kelvin::vm
