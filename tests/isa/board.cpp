// SPDX-License-Identifier: Apache-2.0
#include "isa/board.h"

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>

#include "isa/interpreted_vcpu.h"

namespace kelvin::isa {

namespace {

constexpr auto kTimeLimit = std::chrono::seconds(10);

/// Stops the vCPU when the guest writes, whatever it writes. What it reads is the time, wherever.
class ExitRegister final : public memory::MmioHandler {
  public:
    u64 read(u64, unsigned) override { return static_cast<u64>(clock->now_ns()); }
    void write(u64, unsigned, u64) override {
        written = true;
        vcpu->request_stop();
    }

    accel::Vcpu* vcpu = nullptr;
    const Clock* clock = nullptr;
    std::atomic<bool> written{false};
};

/// A wire whose other end is made later.
class Relay {
  public:
    Wire wire() { return wire_to<&Relay::set>(*this); }
    Wire out;

  private:
    void set(bool level) { out.set(level); }
};

/// Stops a vCPU that does not stop by itself.
class Watchdog {
  public:
    explicit Watchdog(accel::Vcpu& vcpu) : thread_([this, &vcpu] { watch(vcpu); }) {}
    ~Watchdog() {
        {
            const std::lock_guard lock(mutex_);
            done_ = true;
        }
        wake_.notify_one();
        thread_.join();
    }
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

  private:
    void watch(accel::Vcpu& vcpu) {
        std::unique_lock lock(mutex_);
        if (!wake_.wait_for(lock, kTimeLimit, [&] { return done_; })) {
            vcpu.request_stop();
        }
    }

    std::mutex mutex_;
    std::condition_variable wake_;
    bool done_ = false;
    std::thread thread_;
};

Engine translator(std::string name) {
    Engine engine;
    engine.name = std::move(name);
    engine.options.code_cache_size = u64{4} << 20;
    return engine;
}

}  // namespace

std::vector<Engine> engines() {
    std::vector<Engine> list;
    list.push_back({"interpreter", true, {}});
    Engine single = translator("one instruction a region");
    single.options.max_instructions = 1;
    list.push_back(single);
    list.push_back(translator("whole regions"));
    for (const char* name :
         {"fold_constants", "forward_registers", "reuse_sums", "address_groups", "dead_state", "dead_code"}) {
        Engine without = translator(std::string("without ") + name);
        without.options.disabled = {name};
        list.push_back(without);
    }
    for (const char* names : {"slow-memory", "slot-misses", "slot-trials", "no-slots", "no-links+jump-misses",
                              "interrupts", "small-cache", "least-host", "slow-clock"}) {
        Engine hindered = translator(std::string("with ") + names);
        hindered.options.inject = accel::parse_injections(names).value();
        list.push_back(hindered);
    }
    for (const char* level : {"v2", "v3", "v4"}) {
        Engine levelled = translator(std::string("for a host of level ") + level);
        levelled.options.host = x64::host_level(level);
        if (x64::HostFeatures::detect().level() >= levelled.options.host) {
            list.push_back(levelled);
        }
    }
    Engine checked = translator("checked against the interpreter");
    checked.options.check_every = 1;
    list.push_back(checked);
    return list;
}

Result<Report> run(const Engine& engine, std::span<const u8> image, Timebase timebase) {
    memory::AddressMap memory;
    memory::RamBlock ram = KELVIN_TRY(memory::RamBlock::allocate(kRamSize));
    u8* const bytes = ram.data();
    std::memcpy(bytes, image.data(), image.size());
    ExitRegister exit;
    KELVIN_TRY(memory.add_ram(Gpa{kRam}, std::move(ram), "ram"));
    KELVIN_TRY(memory.add_mmio(Gpa{kExit}, 4096, exit, "exit"));
    auto host_time = KELVIN_TRY(HostTimerService::create());
    InstructionClock instructions(0, false);
    const bool metered = timebase == Timebase::instructions;
    Relay timer;
    accel::Arm64Ports ports;
    ports.timers = metered ? static_cast<TimerService*>(&instructions) : host_time.get();
    ports.clock = ports.timers;
    ports.instructions = metered ? &instructions : nullptr;
    exit.clock = ports.clock;
    ports.timer_virtual = timer.wire();
    const arm64::Model model = KELVIN_TRY(arm64::find_model("max", {}));
    std::unique_ptr<accel::Accelerator> accelerator;
    std::unique_ptr<accel::Arm64Vcpu> vcpu;
    if (engine.interpreted) {
        vcpu = std::make_unique<InterpretedVcpu>(memory, model, ports);
    } else {
        accel::TranslatorOptions options = engine.options;
        options.metered = metered;
        accelerator = KELVIN_TRY(accel::make_translator(memory, options));
        vcpu = accelerator->make_arm64_vcpu(0, model, ports);
    }
    timer.out = vcpu->irq();
    exit.vcpu = vcpu.get();
    vcpu->reset(kRam, 0);
    {
        const Watchdog watchdog(*vcpu);
        vcpu->run();
    }
    if (!exit.written) {
        return user_error("it did not end; " + vcpu->describe_registers());
    }
    Report report;
    std::memcpy(&report, bytes + (kReport - kRam), sizeof report);
    return report;
}

}  // namespace kelvin::isa
