// SPDX-License-Identifier: Apache-2.0
// A machine's life: built from its description, run, paused, reset, switched off.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "backend/char/character_device.h"
#include "backend/display/screen.h"
#include "backend/display/vnc_server.h"
#include "backend/input/input.h"
#include "base/event_loop.h"
#include "base/loop_thread.h"
#include "machine/psci.h"
#include "vm/backends.h"
#include "vm/block_jobs.h"
#include "vm/cpu_thread.h"
#include "vm/devices.h"
#include "vm/event_queue.h"
#include "vm/machine_spec.h"
#include "vm/platform.h"

namespace kelvin::vm {

/// Whoever holds the machine. Called on the event loop's thread.
class VmOwner {
  public:
    virtual ~VmOwner() = default;

    /// The machine has ended by the guest's will: it switched itself off, or was reset and is not to start again.
    virtual void machine_ended() = 0;
    /// It cannot go on, by no fault of the guest's.
    virtual void machine_failed(const Error& error) = 0;

    // What happens to it, for who wants to know:
    virtual void guest_switched_off() {}
    virtual void guest_was_reset() {}
    virtual void device_gone(const std::string& /*id*/) {}
    virtual void device_event(const std::string& /*name*/, const state::Json& /*data*/) {}
    /// It was paused, as the host's storage has failed a disk.
    virtual void disk_paused_machine() {}
};

/// Who debugs the machine from outside. Called on the event loop's thread when the machine has come to stand still.
class DebugObserver {
  public:
    virtual ~DebugObserver() = default;

    /// CPU `cpu` has come to what was ordered.
    virtual void cpu_stopped(unsigned cpu, const accel::DebugEvent& event) = 0;
    /// Somebody has paused the machine, or it has switched itself off.
    virtual void machine_paused() = 0;
};

/// What one CPU is to do while a debugger lets the machine go on.
struct DebugAction {
    bool run = false;               ///< false: it stands still
    bool step = false;              ///< see accel::DebugOrders
    bool step_interrupts = false;   ///< likewise
    bool pass_watchpoints = false;  ///< likewise
};

/// All public methods belong to the event loop's thread, and to the thread that built the machine while no loop runs.
class Vm final : private machine::PowerControl,
                 private CpuThreadOwner,
                 private DevicesObserver,
                 private bus::DeviceEvents,
                 private DrivesObserver,
                 private backend::BalloonObserver {
  public:
    /// `loop`, `console`, `characters` and `owner` must outlive the machine. Nothing runs yet; images are loaded by
    /// start().
    static Result<std::unique_ptr<Vm>> create(const MachineSpec& spec, EventLoop& loop,
                                              backend::CharacterBackend& console, backend::CharacterDevices& characters,
                                              VmOwner& owner);
    ~Vm() override;

    /// Loads the images and, unless it is to start paused, lets the guest run.
    Result<> start();
    void pause();
    void resume();
    /// The reset button.
    void reset();
    /// The power key: the guest decides what it does about it.
    void press_power_key();

    /// The guest sees it come.
    Result<> add_device(const DeviceSpec& spec) { return devices_->add(spec, true); }
    /// Asks the guest to let go of it; it is gone when the guest has.
    Result<> remove_device(const std::string& id) { return devices_->remove(id); }

    /// The state of all devices, the board's and those that were added, without processors and RAM. While paused.
    Result<std::vector<state::Section>> save_devices();
    /// Into a machine that was made alike. After an error only a reset helps.
    Result<> load_devices(std::span<const state::Section> sections);

    Result<> add_object(const ObjectSpec& spec);
    Result<> remove_object(const std::string& id);

    bool is_running() const { return running_; }
    /// The guest has switched itself off, and the machine was told to stay.
    bool is_off() const { return off_; }
    /// It stands still because the host's storage has failed a disk; resume() tries again.
    bool is_paused_by_disk() const { return paused_by_disk_; }
    /// Lines for the user about what was given; empty if there is nothing to say.
    std::vector<std::string> notes() const;
    Backends& backends() { return *backends_; }
    std::string describe_drives() { return drives_.describe(); }
    Drives& drives() { return drives_; }
    BlockJobs& jobs() { return jobs_; }
    std::string describe_networks() const { return networks_->describe(); }
    Networks& networks() { return *networks_; }
    /// Pulls the cable of the network or of the card `name`, or plugs it in again.
    Result<> set_link(const std::string& name, bool up);
    /// What a person does, and sees.
    backend::Input& input() { return input_; }
    /// Null: no screen is shown by VNC.
    backend::VncServer* vnc() { return vnc_.get(); }
    /// Runs `look(screens)` on the I/O loop's thread, and returns after it.
    template <class Look>
    void look_at_screens(Look&& look) {
        io_.loop.call([&] { look(screens_); });
    }
    /// How much memory the guest is to have, and has.
    backend::MemoryBalloon& balloon() { return *balloon_; }
    /// Empty if the board has no PCI.
    std::string describe_pci() { return board().pci() != nullptr ? board().pci()->describe() : std::string(); }
    std::string describe_memory() const { return board().describe_memory(); }
    std::string accelerator_statistics() const { return platform_->statistics(); }
    std::string closing_words() const { return platform_->closing_words(); }
    /// Of CPU `index`; stops the machine for a moment.
    std::string describe_registers(unsigned index);

    /// Stops the CPUs for the time that `work()` takes.
    template <class Work>
    void while_still(Work&& work) {
        stop_cpus();
        work();
        if (running_) {
            allow_cpus();
        }
    }
    Devices& devices() { return *devices_; }

    // For a debugger; the CPUs and memory only while the machine stands still.

    /// At most one; null: nobody, and CPUs stop for nothing from now on.
    void set_debug_observer(DebugObserver* observer);
    unsigned cpu_count() const { return static_cast<unsigned>(cpus_.size()); }
    /// The host's number of the thread that is CPU `index`.
    int cpu_thread_id(unsigned index) const { return cpus_[index]->thread_id(); }
    accel::Vcpu& cpu(unsigned index) { return cpus_[index]->vcpu(); }
    /// Of an AArch64 machine.
    accel::Arm64Vcpu& arm64_cpu(unsigned index) { return static_cast<accel::Arm64Vcpu&>(cpu(index)); }
    bool is_cpu_on(unsigned index) const { return cpus_[index]->power() != State::off; }
    const memory::AddressMap& memory() const { return board().memory(); }
    /// `actions` has one for each CPU. The points also hold when others let the machine go on.
    void resume_debugged(const accel::DebugPoints& points, std::span<const DebugAction> actions);

  private:
    Vm(const MachineSpec& spec, EventLoop& loop, backend::CharacterDevices& characters, VmOwner& owner);

    Result<> build(backend::CharacterBackend& console);
    Result<> make_timers();
    Result<> add_devices();
    Result<> add_cpus();
    Result<> show_screen();
    machine::Board& board() const { return platform_->board(); }
    Result<> begin();
    std::vector<bus::Part> parts();
    void stop_cpus();
    void go_on_after_disk();
    void allow_cpus();
    void cpu_stopped_itself() override;
    void notice_stopped_cpu();
    void clear_debug_orders();

    // What a guest asked for is carried out on the event loop's thread.
    void guest_off();
    void guest_reset();
    void guest_failed();

    void device_deleted(const std::string& id) override { owner_.device_gone(id); }
    void device_event(std::string_view name, state::Json data) override;
    void disk_failed(state::Json report, bool stops) override;
    void tray_moved(state::Json event) override { events_.add("DEVICE_TRAY_MOVED", std::move(event)); }
    void report_failures();
    void balloon_changed(u64 actual_bytes) override;

    void halt(unsigned cpu);
    State cpu_state(unsigned cpu) override;
    State cpu_on(unsigned cpu, u64 entry, u64 context) override;
    void cpu_off(unsigned cpu) override;
    void system_off(unsigned cpu) override;
    void system_reset(unsigned cpu) override;
    void system_failed(unsigned cpu, const Error& error) override;

    const MachineSpec spec_;
    EventLoop& loop_;
    backend::CharacterDevices& characters_;
    VmOwner& owner_;
    bool running_ = false;
    bool off_ = false;
    bool paused_by_disk_ = false;
    bool first_start_ = true;

    struct DiskFailure {
        state::Json report;  ///< null: it was told a moment ago
        bool stops = false;  ///< the machine
    };
    std::mutex failures_lock_;  // guards what follows; innermost
    std::vector<DiskFailure> failures_;
    std::optional<Error> failure_;

    BlockJobs jobs_{
        [this](std::string_view name, const state::Json& data) { owner_.device_event(std::string(name), data); }};

    // In this order: each uses those before it.
    EventQueue events_;
    LoopThread io_;  ///< devices and the host's ends of them
    std::unique_ptr<MachineTime> timers_;
    InstructionClock* instructions_ = nullptr;  ///< what `timers_` is, if it is one
    backend::Input input_{io_.loop};
    backend::Screens screens_;
    std::unique_ptr<Platform> platform_;
    Drives drives_{io_.loop, static_cast<DrivesObserver*>(this)};
    std::unique_ptr<Networks> networks_;
    std::unique_ptr<backend::MemoryBalloon> balloon_;
    std::unique_ptr<Backends> backends_;
    std::unique_ptr<Devices> devices_;
    std::vector<std::unique_ptr<CpuThread>> cpus_;
    std::unique_ptr<backend::VncServer> vnc_;

    DebugObserver* debug_observer_ = nullptr;
    accel::DebugPoints debug_points_;
    std::vector<bool> held_;  ///< by a debugger: CPUs that stand still while the machine runs; empty: none
};

}  // namespace kelvin::vm
