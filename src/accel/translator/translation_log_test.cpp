// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/translation_log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

namespace kelvin::translator {
namespace {

class TranslationLogTest : public testing::Test {
  protected:
    std::unique_ptr<TranslationLog> open() {
        options_.file = path_;
        return std::move(TranslationLog::open(options_).value());
    }
    std::string contents() const {
        std::ifstream file(path_);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    void TearDown() override { unlink(path_.c_str()); }

    const std::string path_ = testing::TempDir() + std::to_string(::getpid()) + "translation_log_test.log";
    accel::LogOptions options_;
};

TEST_F(TranslationLogTest, IsNotThereIfNothingIsWanted) {
    EXPECT_EQ(TranslationLog::open({}).value(), nullptr);
}

TEST_F(TranslationLogTest, SaysWhichFileCannotBeOpened) {
    options_.guest = true;
    options_.file = "/nowhere/log";
    const auto log = TranslationLog::open(options_);
    ASSERT_FALSE(log);
    EXPECT_NE(log.error().message().find("/nowhere/log"), std::string::npos);
}

TEST_F(TranslationLogTest, Exceptions) {
    options_.exceptions = true;
    arm64::State state{};
    state.pstate = 5;
    state.pc = 0x8400;
    state.esr[1] = 0x56000000;
    state.elr[1] = 0x1004;
    const auto log = open();
    log->exception(0, state, false);
    log->exception(1, state, true);
    log->page(0, 0x1000, arm64::TranslationResult(arm64::Fault{}));  // not wanted
    EXPECT_EQ(contents(),
              "cpu 0: system call (SVC), ESR 0x56000000, FAR 0x0 at EL0 0x1004, to EL1 0x8400\n"
              "cpu 1: interrupt at EL0 0x1004, to EL1 0x8400\n");
}

TEST_F(TranslationLogTest, Pages) {
    options_.pages = true;
    arm64::Translation found;
    found.physical = Gpa{0x40001000};
    found.page_size = 0x1000;
    arm64::Fault fault;
    fault.status = 7;
    const auto log = open();
    log->page(0, 0x1000, arm64::TranslationResult(found));
    log->page(2, 0x2000, arm64::TranslationResult(fault));
    log->exception(0, {}, true);  // not wanted
    EXPECT_EQ(contents(), "cpu 0: 0x1000 is physical 0x40001000, of 0x1000 bytes\ncpu 2: 0x2000 faults, status 0x7\n");
}

TEST_F(TranslationLogTest, FiltersByAddress) {
    options_.entries = true;
    EXPECT_TRUE(open()->covers(0));
    options_.ranges = {{0x1000, 0x1fff}, {0x8000, 0x8000}};
    const auto log = open();
    EXPECT_FALSE(log->covers(0xfff));
    EXPECT_TRUE(log->covers(0x1000));
    EXPECT_TRUE(log->covers(0x1fff));
    EXPECT_FALSE(log->covers(0x2000));
    EXPECT_TRUE(log->covers(0x8000));
    arm64::State state{};
    log->entry(0, state, "x");
    state.pc = 0x8000;
    log->entry(0, state, "registers\n");
    EXPECT_EQ(contents(), "cpu 0: enter EL0 0x8000\nregisters\n");
}

}  // namespace
}  // namespace kelvin::translator
