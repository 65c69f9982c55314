// SPDX-License-Identifier: Apache-2.0
#include "state/saved_state.h"

#include <gtest/gtest.h>

#include "state/saved_stream.h"

namespace kelvin::state {
namespace {

struct Queue {
    u16 size = 0;
    bool enabled = false;
    bool operator==(const Queue&) const = default;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("size", size);
        visit("enabled", enabled);
    }
    Result<> check() const { return size <= 1024 ? ok() : Result<>(user_error("a queue is too long")); }
};

struct Whole {
    u64 address = 0;
    i32 offset = 0;
    OnOffAuto mode = OnOffAuto::automatic;
    std::string name;
    std::array<u8, 3> digits{};
    std::vector<u8> bytes;
    std::array<u32, 2> pair{};
    std::vector<Queue> queues;
    std::optional<u32> vector;
    bool operator==(const Whole&) const = default;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("address", address);
        visit("offset", offset);
        visit("mode", mode);
        visit("name", name);
        visit("digits", digits);
        visit("bytes", bytes);
        visit("pair", pair);
        visit("queues", queues);
        visit("vector", vector);
    }
};

struct Newer {
    static constexpr u32 kVersion = 2;
    u32 old = 0;
    u32 added = 7;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("old", old);
        visit.since(2, "added", added);
    }
};

Whole example() {
    return {~u64{0}, -5, OnOffAuto::off, "x\"y", {1, 2, 255}, {0, 16}, {3, 4}, {{8, true}, {1024, false}}, 9};
}

std::string error_of(const Json& saved) {
    Whole into;
    const Result<> outcome = load_state("part", saved, into);
    return outcome ? "" : outcome.error().message();
}

TEST(SavedState, ComesBackEqual) {
    Whole from = example();
    const Json saved = save_state(from);
    Whole into;
    ASSERT_TRUE(load_state("part", *parse_json(to_text(saved)), into));
    EXPECT_EQ(into, from);
    EXPECT_EQ(saved["digits"], "0102ff");
    EXPECT_EQ(saved["mode"], "off");
    EXPECT_EQ(saved["version"], 1);
}

TEST(SavedState, SaysWhatIsWrongWhereAndWhatWasExpected) {
    Whole from = example();
    const Json good = save_state(from);
    const auto with = [&](const char* pointer, const Json& value) {
        Json bad = good;
        bad[Json::json_pointer(pointer)] = value;
        return error_of(bad);
    };
    EXPECT_EQ(error_of(good), "");
    EXPECT_EQ(with("/queues/1/size", 70000), "part.queues[1].size: 70000 is not a number from 0 to 65535");
    EXPECT_EQ(with("/queues/1/size", "8"), "part.queues[1].size: \"8\" is not a number from 0 to 65535");
    EXPECT_EQ(with("/queues/0/size", 1025), "part.queues[0]: a queue is too long");
    EXPECT_EQ(with("/queues", 1), "part.queues: 1 is not a list");
    EXPECT_EQ(with("/queues/0", 1), "part.queues[0]: 1 is not an object");
    EXPECT_EQ(with("/queues/0/enabled", 1), "part.queues[0].enabled: 1 is not true or false");
    EXPECT_EQ(with("/address", -1), "part.address: -1 is not a number from 0 to 18446744073709551615");
    EXPECT_EQ(with("/address", 1.5), "part.address: 1.5 is not a number from 0 to 18446744073709551615");
    EXPECT_EQ(with("/offset", 1ULL << 40), "part.offset: 1099511627776 is not a number from -2147483648 to 2147483647");
    EXPECT_EQ(with("/digits", "0102"), "part.digits: \"0102\" is not hexadecimal digits of 3 bytes");
    EXPECT_EQ(with("/bytes", "0"), "part.bytes: \"0\" is not an even number of hexadecimal digits");
    EXPECT_EQ(with("/bytes", "0G"), "part.bytes: \"0G\" is not an even number of hexadecimal digits");
    EXPECT_EQ(with("/pair", {1}), "part.pair: [1] is not a list of 2 values");
    EXPECT_EQ(with("/name", 5), "part.name: 5 is not a text");
    EXPECT_NE(with("/mode", "maybe").find("part.mode: "), std::string::npos);
    EXPECT_EQ(with("/adress", 5), "part.adress is nothing that it has (did you mean 'address'?)");
    EXPECT_EQ(with("/version", 2), "part.version: 2 is not a version from 1 to 1, which are known");
    EXPECT_EQ(with("/version", 0), "part.version: 0 is not a version from 1 to 1, which are known");
    for (const char* name : {"address", "queues", "vector", "version"}) {
        Json bad = good;
        bad.erase(name);
        EXPECT_EQ(error_of(bad), std::string("part.") + name + " is missing");
    }
    EXPECT_EQ(error_of(7), "part: 7 is not an object");
    EXPECT_LT(with("/pair", std::string(100000, 'x')).size(), 200U);
}

TEST(SavedState, OlderVersionsLackWhatWasAddedLater) {
    Newer into;
    EXPECT_TRUE(load_state("part", {{"version", 1}, {"old", 3}}, into));
    EXPECT_EQ(into.old, 3U);
    EXPECT_EQ(into.added, 7U);
    EXPECT_FALSE(load_state("part", {{"version", 1}, {"old", 3}, {"added", 4}}, into));
    EXPECT_FALSE(load_state("part", {{"version", 2}, {"old", 3}}, into));
    EXPECT_TRUE(load_state("part", {{"version", 2}, {"old", 3}, {"added", 4}}, into));
    EXPECT_EQ(into.added, 4U);
}

TEST(SavedStream, ComesBackEqual) {
    Whole from = example();
    const std::vector<Section> sections = {{"pcie.0/02.0", "whole", save_state(from)}, {"b", "c", Json::object()}};
    const auto read = read_stream(write_stream(sections));
    ASSERT_TRUE(read);
    ASSERT_EQ(read->size(), 2U);
    EXPECT_EQ(read->front().name, "pcie.0/02.0");
    EXPECT_EQ(read->front().type, "whole");
    EXPECT_EQ(read->front().state, sections.front().state);
}

TEST(SavedStream, WhatWasCutOrChangedIsRefused) {
    Whole from = example();
    const std::vector<Section> sections = {{"a", "whole", save_state(from)}};
    const std::string good = write_stream(sections);
    for (std::size_t length = 0; length < good.size(); ++length) {
        EXPECT_FALSE(read_stream(std::string_view(good).substr(0, length))) << length;
    }
    for (std::size_t at = 0; at < good.size(); ++at) {
        std::string bad = good;
        bad[at] = bad[at] == '1' ? '2' : '1';
        EXPECT_FALSE(read_stream(bad)) << bad;
    }
    EXPECT_NE(read_stream("{\"kind\":\"kelvin-state\",\"format\":2}").error().message().find("format 2; 1"),
              std::string::npos);
    EXPECT_NE(read_stream("[]").error().message().find("no saved state"), std::string::npos);
}

}  // namespace
}  // namespace kelvin::state
