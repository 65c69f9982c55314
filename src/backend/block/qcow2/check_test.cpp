// SPDX-License-Identifier: Apache-2.0
#include "backend/block/qcow2/check.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "backend/block/qcow2/create.h"

namespace kelvin::block::qcow2 {
namespace {

class CheckTest : public testing::Test {
  protected:
    CheckTest()
        : path_(testing::TempDir() + "check_test." + std::to_string(::getpid())),
          io_(std::move(IoContext::create().value())) {}
    ~CheckTest() override { std::remove(path_.c_str()); }

    CheckReport check(Repair repair) {
        auto file = FileNode::open(*io_, {.path = path_, .lock = LockMode::writer}).value();
        const auto image = Image::open(*io_, std::move(file), {.for_repair = true}).value();
        CheckReport report;
        EXPECT_EQ(io_->run(Checker(*image).run(repair, report)), 0);
        EXPECT_EQ(io_->run(image->close()), 0);
        return report;
    }

    std::string path_;
    std::unique_ptr<IoContext> io_;
};

TEST_F(CheckTest, FindsWhatWouldBeWrittenInPlaceThoughASnapshotHasIt) {
    u64 l1_offset = 0;
    {
        auto file = FileNode::open(*io_, {.path = path_, .lock = LockMode::writer, .create = true}).value();
        CreateOptions options;
        options.size = 1 << 20;
        const auto image = create(*io_, std::move(file), options).value();
        std::vector<u8> data(65536, 0x5A);
        EXPECT_EQ(io_->run(image->write(0, SingleBuffer(data).buffers())), 0);
        EXPECT_EQ(io_->run(image->create_snapshot("before")), 0);
        l1_offset = image->header().l1_offset;
        EXPECT_EQ(io_->run(image->close()), 0);
    }
    EXPECT_EQ(check(Repair::nothing).corruptions, 0U);
    // QCOW_OFLAG_COPIED, the highest bit of the first L1 entry.
    std::fstream(path_, std::ios::binary | std::ios::in | std::ios::out).seekp(static_cast<i64>(l1_offset)).put('\x80');
    const CheckReport report = check(Repair::nothing);
    EXPECT_EQ(report.corruptions, 1U);
    ASSERT_EQ(report.findings.size(), 1U);
    EXPECT_NE(report.findings[0].find("L1 table entry 0 is 0x8000"), std::string::npos) << report.findings[0];
    EXPECT_EQ(check(Repair::all).repaired, 1U);
    EXPECT_EQ(check(Repair::nothing).corruptions, 0U);
}

}  // namespace
}  // namespace kelvin::block::qcow2
