// SPDX-License-Identifier: Apache-2.0
// What a drive does with requests that its host fails.
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <list>

#include "backend/block/drive.h"
#include "backend/block/test_node.h"

namespace kelvin::block {
namespace {

using backend::BlockRequest;
using backend::ErrorAction;
using backend::ErrorPolicy;
using backend::OnError;
using Kind = BlockRequest::Kind;

class DriveErrors : public testing::Test {
  protected:
    Drive& drive(ErrorPolicy policy) {
        drive_ = std::make_unique<Drive>(*io_, node_, DriveOptions{.name = "d", .on_error = policy});
        drive_->set_failure_handler(
            [](void* context, const Drive::Failure& failure) {
                static_cast<DriveErrors*>(context)->failures_.push_back(failure);
            },
            this);
        return *drive_;
    }
    struct Asked {
        std::array<u8, 512> bytes{};
        iovec segment{bytes.data(), bytes.size()};
        BlockRequest request;
        int answer = -1;
    };
    Asked& ask(Kind kind, u64 offset = 0, u8 fill = 0) {
        Asked& asked = asked_.emplace_back();
        asked.bytes.fill(fill);
        asked.request = {.kind = kind, .offset = offset, .length = 512};
        if (kind == Kind::read || kind == Kind::write) {
            asked.request.segments = {&asked.segment, 1};
        }
        asked.request.context = &asked.answer;
        asked.request.done = [](BlockRequest& done, int error) { *static_cast<int*>(done.context) = error; };
        drive_->submit(asked.request);
        return asked;
    }

    std::unique_ptr<IoContext> io_ = std::move(IoContext::create(IoEngine::threads).value());
    std::shared_ptr<FailingNode> node_ = std::make_shared<FailingNode>(4096);
    std::unique_ptr<Drive> drive_;
    std::list<Asked> asked_;
    std::vector<Drive::Failure> failures_;
};

TEST(ErrorPolicies, DeviceBeforeDriveBeforePreset) {
    const ErrorPolicy preset;
    EXPECT_EQ(preset.action(false, ENOSPC), ErrorAction::stop);
    EXPECT_EQ(preset.action(false, EIO), ErrorAction::report);
    EXPECT_EQ(preset.action(true, ENOSPC), ErrorAction::report);
    EXPECT_TRUE(preset.may_stop());
    const ErrorPolicy drive{.read = OnError::stop, .write = OnError::ignore};
    const ErrorPolicy both = ErrorPolicy{.write = OnError::report}.or_else(drive);
    EXPECT_EQ(both.action(true, EIO), ErrorAction::stop);
    EXPECT_EQ(both.action(false, ENOSPC), ErrorAction::report);
    EXPECT_EQ(drive.action(false, EIO), ErrorAction::ignore);
    EXPECT_FALSE((ErrorPolicy{.write = OnError::report}).may_stop());
}

TEST_F(DriveErrors, WhatIsKeptIsTriedAgainInItsOrder) {
    Drive& disk = drive({.write = OnError::stop});
    node_->error = EIO;
    Asked& first = ask(Kind::write, 0, 1);
    Asked& second = ask(Kind::write, 0, 2);
    Asked& flush = ask(Kind::flush);
    disk.settle();
    EXPECT_TRUE(disk.holds_requests());
    EXPECT_EQ(disk.held_error(), EIO);
    EXPECT_EQ(first.answer, -1);
    EXPECT_EQ(failures_.size(), 3U);
    EXPECT_EQ(failures_[0].action, ErrorAction::stop);
    EXPECT_FALSE(backend::check_savable(disk));

    disk.retry_held();  // in vain
    disk.settle();
    EXPECT_EQ(failures_.size(), 6U);
    EXPECT_EQ(second.answer, -1);

    node_->error = 0;
    disk.retry_held();
    EXPECT_EQ(disk.held_error(), 0);
    disk.settle();
    EXPECT_EQ(first.answer, 0);
    EXPECT_EQ(second.answer, 0);
    EXPECT_EQ(flush.answer, 0);
    EXPECT_EQ(node_->content[0], 2);
    EXPECT_TRUE(backend::check_savable(disk));
    EXPECT_EQ(disk.statistics().writes.operations, 2U);
    EXPECT_EQ(disk.statistics().writes.failed, 0U);
}

TEST_F(DriveErrors, DrainEndsWhatIsKept) {
    Drive& disk = drive({.read = OnError::stop});
    node_->error = EIO;
    Asked& kept = ask(Kind::read);
    disk.settle();
    Asked& flying = ask(Kind::read);
    disk.drain();
    EXPECT_EQ(kept.answer, EIO);
    EXPECT_EQ(flying.answer, EIO) << "nobody would try it again";
    EXPECT_FALSE(disk.holds_requests());
    EXPECT_EQ(failures_.back().action, ErrorAction::report);
}

TEST_F(DriveErrors, IgnoredAndReported) {
    Drive& disk = drive({.read = OnError::report, .write = OnError::ignore});
    node_->error = EIO;
    Asked& write = ask(Kind::write);
    Asked& read = ask(Kind::read);
    disk.drain();
    EXPECT_EQ(write.answer, 0);
    EXPECT_EQ(read.answer, EIO);
    EXPECT_EQ(failures_.size(), 2U);
}

TEST_F(DriveErrors, TheGuestsOwnMistakesAreNotTheHosts) {
    Drive& disk = drive({.read = OnError::stop, .write = OnError::stop});
    Asked& beyond = ask(Kind::read, 4096);
    disk.settle();
    EXPECT_EQ(beyond.answer, EINVAL);
    EXPECT_TRUE(failures_.empty());
}

TEST_F(DriveErrors, ARequestThatNoLongerFitsEnds) {
    Drive& disk = drive({.write = OnError::stop});
    node_->error = ENOSPC;
    Asked& last = ask(Kind::write, 3584);
    disk.settle();
    node_->error = 0;
    ASSERT_TRUE(disk.resize(2048));
    EXPECT_EQ(last.answer, -1);
    disk.retry_held();
    disk.settle();
    EXPECT_EQ(last.answer, EINVAL);
}

TEST_F(DriveErrors, NothingIsKeptWhereNobodyIsTold) {
    Drive& disk = drive({.write = OnError::stop});
    disk.set_failure_handler(nullptr, nullptr);
    node_->error = EIO;
    Asked& write = ask(Kind::write);
    disk.settle();
    EXPECT_EQ(write.answer, EIO);
}

TEST_F(DriveErrors, ADevicesPolicyEndsWithIt) {
    Drive& disk = drive({.write = OnError::report});
    node_->error = EIO;
    disk.set_error_policy({.write = OnError::ignore});
    Asked& ignored = ask(Kind::write);
    disk.drain();
    EXPECT_EQ(ignored.answer, 0);
    disk.set_error_policy({});
    Asked& write = ask(Kind::write);
    disk.drain();
    EXPECT_EQ(write.answer, EIO);
}

}  // namespace
}  // namespace kelvin::block
