// SPDX-License-Identifier: Apache-2.0
// Guest programs that make much code in a small code cache, and write over what they run.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "accel/accelerator.h"
#include "base/timer_service.h"
#include "emit/x64/runtime.h"

namespace kelvin::translator {
namespace {

constexpr u64 kRam = 0x40000000;
constexpr u64 kFunctions = kRam + 0x10000;
constexpr u64 kRamSize = u64{2} << 20;
constexpr u64 kExit = 0x09000000;
constexpr unsigned kCount = 20000;

/// vCPU n ends when it writes its result at 8n.
class ExitRegister final : public memory::MmioHandler {
  public:
    u64 read(u64, unsigned) override { return 0; }
    void write(u64 offset, unsigned, u64 value) override {
        results[offset / 8] = value;
        vcpus[offset / 8]->request_stop();
    }

    std::vector<std::unique_ptr<accel::Arm64Vcpu>> vcpus;
    std::atomic<u64> results[2] = {};
};

class Program {
  public:
    void add(u32 word) { words_.push_back(word); }
    void load(unsigned reg, u64 value) {
        for (u32 part = 0; part < 3; part++) {
            add((part == 0 ? 0xd2800000 : 0xf2800000) | part << 21 |
                static_cast<u32>(value >> (16 * part) & 0xffff) << 5 | reg);
        }
    }
    unsigned here() const { return static_cast<unsigned>(words_.size()); }
    void branch_if_not_equal(unsigned to) { add(0x54000001 | ((to - here()) & 0x7ffff) << 5); }
    const std::vector<u32>& words() const { return words_; }

  private:
    std::vector<u32> words_;
};

/// Calls `count` functions of "add x0, x0, #1; ret" `passes` times; `rewrite`: having made it #n before, in pass n.
Program caller(unsigned passes, bool rewrite, unsigned count = kCount) {
    Program p;
    p.add(0xaa0003e6);  // mov x6, x0
    p.load(0, 0);
    p.load(2, kFunctions + u64{8} * count);
    p.load(3, passes);
    p.load(7, 0x91000400);  // add x0, x0, #1
    const unsigned pass = p.here();
    p.load(1, kFunctions);
    const unsigned next = p.here();
    if (rewrite) {
        p.add(0xb9000027);  // str w7, [x1]
        p.add(0xd50b7521);  // ic ivau, x1
        p.add(0xd5033fdf);  // isb
    }
    p.add(0xd63f0020);  // blr x1
    p.add(0x91002021);  // add x1, x1, #8
    p.add(0xeb02003f);  // cmp x1, x2
    p.branch_if_not_equal(next);
    p.add(0x111000e7);  // add w7, w7, #0x400
    p.add(0xf1000463);  // subs x3, x3, #1
    p.branch_if_not_equal(pass);
    p.add(0xf90000c0);  // str x0, [x6]
    p.add(0x14000000);  // b .
    return p;
}

class Machine {
  public:
    Machine(const Program& program, unsigned vcpus, accel::TranslatorOptions options = {}) {
        memory::RamBlock ram = std::move(memory::RamBlock::allocate(kRamSize).value());
        std::memcpy(ram.data(), program.words().data(), program.words().size() * 4);
        const u32 function[] = {0x91000400, 0xd65f03c0};
        for (unsigned i = 0; i < kCount; i++) {
            std::memcpy(ram.data() + (kFunctions - kRam) + 8 * i, function, sizeof function);
        }
        EXPECT_TRUE(memory_.add_ram(Gpa{kRam}, std::move(ram), "ram"));
        EXPECT_TRUE(memory_.add_mmio(Gpa{kExit}, 4096, exit_, "exit"));
        options.code_cache_size = 1;  // the smallest there is
        accelerator_ = std::move(accel::make_translator(memory_, options).value());
        timers_ = std::move(HostTimerService::create().value());
        accel::Arm64Ports ports;
        ports.clock = timers_.get();
        ports.timers = timers_.get();
        const arm64::Model model = arm64::find_model("max", {}).value();
        for (unsigned i = 0; i < vcpus; i++) {
            exit_.vcpus.push_back(accelerator_->make_arm64_vcpu(i, model, ports));
            exit_.vcpus[i]->reset(kRam, kExit + u64{8} * i);
        }
    }

    void run() {
        std::vector<std::jthread> threads;
        for (const auto& vcpu : exit_.vcpus) {
            threads.emplace_back([&vcpu] { vcpu->run(); });
        }
    }
    u64 result(unsigned vcpu) const { return exit_.results[vcpu]; }
    std::string closing_words() const { return accelerator_->closing_words(); }
    /// The figure that `info jit` has under `name`.
    u64 statistic(const std::string& name) const {
        const std::string text = accelerator_->statistics();
        const std::size_t at = text.find("  " + name);
        EXPECT_NE(at, std::string::npos) << name << " is not in\n" << text;
        return at == std::string::npos ? 0 : std::strtoull(text.c_str() + at + 2 + name.size(), nullptr, 10);
    }

  private:
    memory::AddressMap memory_;
    std::unique_ptr<HostTimerService> timers_;
    std::unique_ptr<accel::Accelerator> accelerator_;
    ExitRegister exit_;
};

TEST(Translator, RunsMoreCodeThanTheCacheHolds) {
    Machine machine(caller(5, false), 1);
    machine.run();
    EXPECT_EQ(machine.result(0), 5U * kCount);
    EXPECT_GT(machine.statistic("regions dropped for room"), u64{kCount});
    EXPECT_GT(machine.statistic("jump not in the jump cache"), 5U * kCount);
    EXPECT_EQ(machine.statistic("regions overwritten"), 0U);
}

// Two functions whose calls share a place of the first jump cache: the second one knows them.
TEST(Translator, JumpsThatTakeEachOthersPlaceNeedNoCpp) {
    constexpr u64 kOther = kFunctions + 0x8008;
    static_assert(x64::jump_index(kFunctions) == x64::jump_index(kOther));
    constexpr unsigned kPasses = 1000;
    Program p;
    p.add(0xaa0003e6);  // mov x6, x0
    p.load(0, 0);
    p.load(1, kFunctions);
    p.load(2, kOther);
    p.load(3, kPasses);
    const unsigned pass = p.here();
    p.add(0xd63f0020);  // blr x1
    p.add(0xd63f0040);  // blr x2
    p.add(0xf1000463);  // subs x3, x3, #1
    p.branch_if_not_equal(pass);
    p.add(0xf90000c0);  // str x0, [x6]
    p.add(0x14000000);  // b .
    Machine machine(p, 1);
    machine.run();
    EXPECT_EQ(machine.result(0), 2U * kPasses);
    EXPECT_LT(machine.statistic("jump not in the jump cache"), 20U);
}

TEST(Translator, RunsCodeThatIsWrittenOver) {
    Machine machine(caller(12, true), 1);
    machine.run();
    EXPECT_EQ(machine.result(0), 12U * 13 / 2 * kCount);
}

TEST(Translator, CountsWhatBecomesOfCode) {
    constexpr unsigned kFew = 100;
    Machine machine(caller(5, true, kFew), 1);
    machine.run();
    EXPECT_EQ(machine.result(0), 5U * 6 / 2 * kFew);
    EXPECT_EQ(machine.statistic("regions overwritten"), 4U * kFew);
    EXPECT_EQ(machine.statistic("regions dropped for room"), 0U);
    EXPECT_GE(machine.statistic("devices or Device memory"), 5U * kFew);  // with the MMU off, memory is Device memory
    EXPECT_GE(machine.statistic("interrupt, timer or stop"), 1U);
}

TEST(Translator, OptimizesTheFirstRegionsOnlyAndSaysHowManyThereWere) {
    constexpr unsigned kFew = 100;
    std::vector<u64> sizes;
    for (const std::optional<u64> bisect : {std::optional<u64>{}, std::optional<u64>{0}, std::optional<u64>{50}}) {
        accel::TranslatorOptions options;
        options.bisect = bisect;
        Machine machine(caller(2, true, kFew), 1, options);
        machine.run();
        EXPECT_EQ(machine.result(0), 3U * kFew);
        sizes.push_back(machine.statistic("host code, bytes"));
        const u64 regions = machine.statistic("regions translated");
        EXPECT_EQ(machine.closing_words(),
                  bisect
                      ? fmt::format("translated {} regions, the first {} of them with optimizations", regions, *bisect)
                      : "");
    }
    EXPECT_LT(sizes[0], sizes[2]);
    EXPECT_LT(sizes[2], sizes[1]);
}

std::string contents(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t count_of(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        count++;
    }
    return count;
}

TEST(Translator, LogsWhatItMakes) {
    accel::TranslatorOptions options;
    options.log.guest = options.log.ir = options.log.optimized_ir = options.log.host = options.log.statistics = true;
    options.log.file = testing::TempDir() + "translator.log";
    options.log.ranges = {{kFunctions, kFunctions + 7}};
    Machine machine(caller(1, false, 3), 1, options);
    machine.run();
    EXPECT_EQ(machine.closing_words(), "");
    const std::string log = contents(options.log.file);
    std::size_t at = 0;
    for (const char* part :
         {": EL1 0x40010000, physical 0x40010000, 2 instructions, ", "\nguest\n  40010000: add x0, x0, #1\n", "\nop\n",
          "set x0", "\nop_opt\n", "set x0", "\nhost, ", "    jne         second_jump0\n", "\ntranslated code\n"}) {
        at = log.find(part, at);
        ASSERT_NE(at, std::string::npos) << part << " is not, or not there, in\n" << log;
    }
    EXPECT_EQ(count_of(log, "region "), 1U) << log;
}

TEST(Translator, LogsEachRegionThatRunsIfTheyAreNotLinked) {
    std::size_t entries[2];
    for (const bool unlinked : {false, true}) {
        accel::TranslatorOptions options;
        options.log.entries = options.log.registers = true;
        options.inject.no_links = options.inject.jump_misses = unlinked;
        options.log.file = testing::TempDir() + "entries.log";
        Machine machine(caller(20, false, 1), 1, options);
        machine.run();
        EXPECT_EQ(machine.result(0), 20U);
        const std::string log = contents(options.log.file);
        entries[unlinked] = count_of(log, "cpu 0: enter EL1 0x40010000\nPC=0000000040010000 ");
    }
    EXPECT_EQ(entries[0], 1U);
    EXPECT_EQ(entries[1], 20U);
}

TEST(Translator, NamesItsCodeForPerf) {
    accel::TranslatorOptions options;
    options.perf_map = true;
    const std::string path = fmt::format("/tmp/perf-{}.map", getpid());
    Machine machine(caller(5, false), 1, options);
    machine.run();
    const std::string map = contents(path);
    unlink(path.c_str());
    EXPECT_EQ(count_of(map, " translator exit\n"), 1U);
    // What is gone is not there, and no code twice at one address.
    const std::size_t regions = count_of(map, " guest EL1 0x");
    EXPECT_GT(regions, 100U);
    EXPECT_LT(regions, u64{kCount});
    std::map<u64, u64> ends;
    std::istringstream lines(map);
    for (std::string line; std::getline(lines, line);) {
        const u64 start = std::strtoull(line.c_str(), nullptr, 16);
        EXPECT_TRUE(ends.emplace(start, start + std::strtoull(line.c_str() + line.find(' '), nullptr, 16)).second)
            << line;
    }
    for (auto next = std::next(ends.begin()); next != ends.end(); ++next) {
        EXPECT_LE(std::prev(next)->second, next->first);
    }
}

TEST(Translator, CountsWhatItExecutesIfToldTo) {
    constexpr unsigned kPasses = 3, kFew = 5;
    accel::TranslatorOptions options;
    options.count = true;
    Machine machine(caller(kPasses, false, kFew), 1, options);
    machine.run();
    EXPECT_EQ(machine.result(0), kPasses * kFew);
    // mov and four addresses of three; a pass is an address, six for each function, and three; then str, and b once or
    // so.
    const u64 instructions = 1 + 4 * 3 + kPasses * (3 + 6 * kFew + 3) + 1;
    EXPECT_GT(machine.statistic("instructions"), instructions);
    EXPECT_LE(machine.statistic("instructions"), instructions + 2);
    EXPECT_EQ(machine.statistic("checks of a page"), 1U);
    EXPECT_EQ(machine.statistic("slot misses"), 1U);
    EXPECT_EQ(machine.statistic("jumps by the jump cache"), 2 * kPasses * kFew);
    EXPECT_GT(machine.statistic("regions  "), 2 * kPasses * kFew);
}

TEST(Translator, SharesASmallCacheBetweenProcessors) {
    Machine machine(caller(4, false), 2);
    machine.run();
    EXPECT_EQ(machine.result(0), 4U * kCount);
    EXPECT_EQ(machine.result(1), 4U * kCount);
}

}  // namespace
}  // namespace kelvin::translator
