// SPDX-License-Identifier: Apache-2.0
#include "vm/vm.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/timer_service.h"
#include "vm/arm64_platform.h"
#include "vm/host_memory.h"
#include "vm/x86_platform.h"

namespace kelvin::vm {

Vm::Vm(const MachineSpec& spec, EventLoop& loop, backend::CharacterDevices& characters, VmOwner& owner)
    : spec_(spec),
      loop_(loop),
      characters_(characters),
      owner_(owner),
      events_(loop, [&owner](const std::string& name, const state::Json& data) { owner.device_event(name, data); }) {}

Vm::~Vm() {
    vnc_.reset();  // it looks at devices
    stop_cpus();
    if (platform_ != nullptr) {
        // A device's timer may still drive an interrupt line.
        board().disconnect_cpus();
    }
    devices_.reset();  // what it reports is for this object
    loop_.cancel(this);
}

Result<std::unique_ptr<Vm>> Vm::create(const MachineSpec& spec, EventLoop& loop, backend::CharacterBackend& console,
                                       backend::CharacterDevices& characters, VmOwner& owner) {
    std::unique_ptr<Vm> vm(new Vm(spec, loop, characters, owner));
    KELVIN_TRY(vm->build(console));
    return vm;
}

Result<> Vm::build(backend::CharacterBackend& console) {
    KELVIN_TRY(check_ram_size(spec_.ram_size, read_host_memory()));
    KELVIN_TRY(make_timers());
    const PlatformPorts ports = {console, *timers_, io_.loop, input_, instructions_, static_cast<PowerControl&>(*this)};
    const bool is_x86 = spec_.architecture == Architecture::x86_64;
    platform_ = KELVIN_TRY(is_x86 ? make_x86_platform(spec_, ports) : make_arm64_platform(spec_, ports));
    KELVIN_TRY(add_devices());
    KELVIN_TRY(add_cpus());
    return show_screen();
}

Result<> Vm::show_screen() {
    if (!spec_.vnc) {
        return ok();
    }
    const auto draw = [this](backend::Picture& picture) {
        look_at_screens([&](backend::Screens& screens) {
            if (backend::Screen* const screen = screens.first()) {
                screen->draw(picture);
            }
        });
    };
    vnc_ = KELVIN_TRY(backend::VncServer::open(*spec_.vnc, draw, input_));
    return ok();
}

std::vector<std::string> Vm::notes() const {
    std::vector<std::string> all = drives_.notes();
    std::ranges::copy(platform_->notes(), std::back_inserter(all));
    return all;
}

Result<> Vm::add_devices() {
    for (const state::Json& node : spec_.block_nodes) {
        KELVIN_TRY(drives_.add_node(node));
    }
    for (const DriveSpec& drive : spec_.drives) {
        KELVIN_TRY(drives_.add(drive));
    }
    networks_ = std::make_unique<Networks>(io_.loop, *timers_);
    for (const NetworkSpec& network : spec_.networks) {
        KELVIN_TRY(networks_->add(network));
    }
    balloon_ =
        std::make_unique<backend::MemoryBalloon>(spec_.ram_size, io_.loop, loop_, static_cast<BalloonObserver*>(this));
    backends_ =
        std::make_unique<Backends>(Backends::Ends{drives_, *networks_, characters_, *balloon_, input_, screens_});
    for (const ObjectSpec& object : spec_.objects) {
        KELVIN_TRY(backends_->add_object(object));
    }
    const Devices::Ports ports = {board().memory(),
                                  *timers_,
                                  io_.loop,
                                  loop_,
                                  *backends_,
                                  static_cast<bus::DeviceEvents&>(*this),
                                  spec_.cpu.count,
                                  spec_.boot.firmware_folders,
                                  spec_.architecture == Architecture::x86_64};
    devices_ = std::make_unique<Devices>(ports, board().buses(), spec_.globals, static_cast<DevicesObserver*>(this));
    for (const DeviceSpec& device : spec_.devices) {
        KELVIN_TRY(devices_->add(device, false));
    }
    return ok();
}

Result<> Vm::add_object(const ObjectSpec& spec) {
    Result<> outcome = ok();
    io_.loop.call([&] { outcome = backends_->add_object(spec); });
    return outcome;
}

Result<> Vm::remove_object(const std::string& id) {
    Result<> outcome = ok();
    io_.loop.call([&] { outcome = backends_->remove_object(id); });
    return outcome;
}

Result<> Vm::make_timers() {
    if (spec_.instruction_time) {
        auto clock = std::make_unique<InstructionClock>(spec_.instruction_time->shift, spec_.instruction_time->sleeps);
        instructions_ = clock.get();
        timers_ = std::move(clock);
    } else {
        timers_ = KELVIN_TRY(HostTimerService::create());
    }
    timers_->pause();
    return ok();
}

Result<> Vm::add_cpus() {
    for (unsigned index = 0; index < spec_.cpu.count; ++index) {
        auto vcpu = KELVIN_TRY(platform_->make_vcpu(index));
        // What is to be seen of it until it is switched on.
        vcpu->reset(0, 0);
        cpus_.push_back(std::make_unique<CpuThread>(std::move(vcpu), static_cast<CpuThreadOwner&>(*this),
                                                    fmt::format("CPU {}", cpus_.size())));
    }
    return ok();
}

Result<> Vm::begin() {
    const auto path_of = [this](const bus::Bus& bus) { return board().firmware_path(bus); };
    KELVIN_TRY(board().set_boot_order(boot_order(devices_->bootables(path_of), spec_.boot_order, first_start_)));
    first_start_ = false;
    const machine::BootEntry entry = KELVIN_TRY(board().load());
    const std::size_t started = platform_->starts_all_processors() ? cpus_.size() : 1;
    for (std::size_t index = 0; index < started; ++index) {
        cpus_[index]->switch_on({entry.pc, entry.x0});
        cpus_[index]->wait_until_still();
    }
    off_ = false;
    return ok();
}

Result<> Vm::start() {
    if (spec_.is_none) {
        return ok();
    }
    KELVIN_TRY(begin());
    if (!spec_.start_paused) {
        resume();
    }
    return ok();
}

void Vm::pause() {
    if (running_) {
        running_ = false;
        stop_cpus();
        if (debug_observer_ != nullptr) {
            debug_observer_->machine_paused();
        }
    }
}

void Vm::resume() {
    if (!running_ && !off_ && !spec_.is_none) {
        running_ = true;
        go_on_after_disk();
        clear_debug_orders();
        allow_cpus();
    }
}

void Vm::stop_cpus() {
    for (const auto& cpu : cpus_) {
        cpu->allow(false);
    }
    for (const auto& cpu : cpus_) {
        cpu->wait_until_still();
    }
    if (timers_ != nullptr) {
        timers_->pause();
    }
}

void Vm::allow_cpus() {
    timers_->resume();
    for (unsigned index = 0; index < cpus_.size(); index++) {
        if (held_.empty() || !held_[index]) {
            cpus_[index]->allow(true);
        }
    }
}

void Vm::reset() {
    stop_cpus();
    for (const auto& cpu : cpus_) {
        cpu->switch_off();
    }
    devices_->reset();
    paused_by_disk_ = false;  // what a disk's failure kept is forgotten
    platform_->reset();
    if (auto begun = begin(); !begun) {
        running_ = false;
        off_ = true;
        owner_.machine_failed(begun.error());
        return;
    }
    if (running_) {
        allow_cpus();
    }
}

void Vm::press_power_key() {
    board().press_power_key();
}

std::string Vm::describe_registers(unsigned index) {
    if (index >= cpus_.size()) {
        return fmt::format("there is no CPU {}\n", index);
    }
    std::string text;
    while_still([&] { text = cpus_[index]->vcpu().describe_registers(); });
    return text;
}

void Vm::guest_off() {
    running_ = false;
    off_ = true;
    stop_cpus();
    owner_.guest_switched_off();
    if (!spec_.pause_on_shutdown) {
        owner_.machine_ended();
    } else if (debug_observer_ != nullptr) {
        debug_observer_->machine_paused();
    }
}

void Vm::guest_reset() {
    if (spec_.exit_on_reset) {
        guest_off();
    } else {
        reset();
        owner_.guest_was_reset();
    }
}

void Vm::device_event(std::string_view name, state::Json data) {
    events_.add(name, std::move(data));
}

void Vm::disk_failed(state::Json report, bool stops) {
    if (report.is_null() && !stops) {
        return;
    }
    const std::lock_guard lock(failures_lock_);
    failures_.push_back({std::move(report), stops});
    loop_.post(call_method<&Vm::report_failures, Vm>, this);
}

void Vm::report_failures() {
    std::vector<DiskFailure> failures;
    {
        const std::lock_guard lock(failures_lock_);
        failures.swap(failures_);
    }
    for (const DiskFailure& failure : failures) {
        if (!failure.report.is_null()) {
            owner_.device_event("BLOCK_IO_ERROR", failure.report);
        }
        if (failure.stops && running_) {
            pause();
            paused_by_disk_ = true;
            owner_.disk_paused_machine();
        }
    }
}

/// Requests that were kept are tried again. Before the processors run: they may fail again, and pause the machine.
void Vm::go_on_after_disk() {
    paused_by_disk_ = false;
    drives_.retry();
}

void Vm::balloon_changed(u64 actual_bytes) {
    owner_.device_event("BALLOON_CHANGE", {{"actual", actual_bytes}});
}

machine::PowerControl::State Vm::cpu_state(unsigned cpu) {
    return cpus_[cpu]->power();
}

machine::PowerControl::State Vm::cpu_on(unsigned cpu, u64 entry, u64 context) {
    return cpus_[cpu]->switch_on({entry, context});
}

void Vm::cpu_off(unsigned cpu) {
    cpus_[cpu]->switch_off();
}

void Vm::halt(unsigned cpu) {
    if (cpu != machine::kAllCpus) {
        cpus_[cpu]->switch_off();
        return;
    }
    for (const auto& each : cpus_) {
        each->allow(false);
    }
}

void Vm::system_off(unsigned cpu) {
    halt(cpu);
    loop_.post(call_method<&Vm::guest_off, Vm>, this);
}

void Vm::system_reset(unsigned cpu) {
    halt(cpu);
    loop_.post(call_method<&Vm::guest_reset, Vm>, this);
}

void Vm::system_failed(unsigned cpu, const Error& error) {
    if (cpu < cpus_.size()) {  // else it has failed while it was made
        cpus_[cpu]->switch_off();
    }
    const std::lock_guard lock(failures_lock_);
    failure_ = error;
    loop_.post(call_method<&Vm::guest_failed, Vm>, this);
}

void Vm::guest_failed() {
    running_ = false;
    off_ = true;
    stop_cpus();
    std::optional<Error> error;
    {
        const std::lock_guard lock(failures_lock_);
        error.swap(failure_);
    }
    if (!error) {
        return;
    }
    owner_.machine_failed(*error);
    if (debug_observer_ != nullptr) {
        debug_observer_->machine_paused();
    }
}

Result<> Vm::set_link(const std::string& name, bool up) {
    const std::string network = networks_->network_of(devices_->owner_of(name));
    return networks_->set_link(network.empty() ? name : network, up);
}

}  // namespace kelvin::vm
