// SPDX-License-Identifier: Apache-2.0
#include "bus/saved_parts.h"

#include <gtest/gtest.h>

#include "state/saved_state.h"

namespace kelvin::bus {
namespace {

/// Writes down what is done to it.
class Recorder final : public Savable {
  public:
    Recorder(std::string name, std::string& log) : name_(std::move(name)), log_(log) {}

    void quiesce() override { log_ += "quiesce " + name_ + "; "; }
    Result<state::Json> save() override {
        log_ += "save " + name_ + "; ";
        return busy ? Result<state::Json>(user_error(": it is at work")) : state::Json(name_);
    }
    Result<> load(const state::Json& saved) override {
        log_ += "load " + name_ + "; ";
        return saved == name_ ? ok() : Result<>(user_error(".name: another"));
    }
    bool busy = false;

  private:
    const std::string name_;
    std::string& log_;
};

struct SavedParts : testing::Test {
    std::string log;
    Recorder first{"a", log};
    Recorder second{"b", log};
    std::vector<Part> parts = {{"bus/1", "card", &first}, {"bus/2", "disk", &second}};
};

TEST_F(SavedParts, AllAreQuietBeforeOneIsSaved) {
    const auto sections = save_parts(parts);
    ASSERT_TRUE(sections);
    EXPECT_EQ(log, "quiesce a; quiesce b; save a; save b; ");
    log.clear();
    EXPECT_TRUE(load_parts(parts, *sections));
    EXPECT_EQ(log, "load a; load b; ");
}

TEST_F(SavedParts, DevicesThatCannotBeSavedAreNamedAndNothingIsDone) {
    parts.push_back({"bus/3", "nvme", nullptr});
    parts.push_back({"bus/4", "sound", nullptr});
    const auto sections = save_parts(parts);
    ASSERT_FALSE(sections);
    EXPECT_NE(sections.error().what.find("nvme at 'bus/3', sound at 'bus/4'"), std::string::npos);
    EXPECT_EQ(log, "");
}

TEST_F(SavedParts, WhatGoesWrongIsSaidOfThePart) {
    second.busy = true;
    EXPECT_EQ(save_parts(parts).error().what, "disk at 'bus/2': it is at work");
    second.busy = false;
    auto sections = *save_parts(parts);
    sections[1].state = "c";
    EXPECT_EQ(load_parts(parts, sections).error().what, "disk at 'bus/2'.name: another");
}

TEST_F(SavedParts, OtherMachinesAreRefusedBeforeAnythingChanges) {
    const auto sections = *save_parts(parts);
    log.clear();
    auto shorter = sections;
    shorter.pop_back();
    EXPECT_NE(load_parts(parts, shorter).error().what.find("has nothing more where this one has disk at 'bus/2'"),
              std::string::npos);
    auto moved = sections;
    std::swap(moved[0].name, moved[1].name);
    EXPECT_NE(load_parts(parts, moved).error().what.find("has card at 'bus/2' where this one has card at 'bus/1'"),
              std::string::npos);
    EXPECT_EQ(log, "");
}

}  // namespace
}  // namespace kelvin::bus
