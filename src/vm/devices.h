// SPDX-License-Identifier: Apache-2.0
// The devices that a user has added to a machine: what they are called, where they are plugged in, how they come and
// go.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "bus/device.h"
#include "bus/device_type.h"
#include "bus/saved_parts.h"
#include "vm/backends.h"
#include "vm/boot_order.h"
#include "vm/machine_spec.h"

namespace kelvin::vm {

/// By name or alias; an unknown one is an error with the nearest name.
Result<const bus::DeviceType*> find_type(const std::string& name);

/// Told about devices that are gone. The control loop's thread.
class DevicesObserver {
  public:
    virtual ~DevicesObserver() = default;
    virtual void device_deleted(const std::string& id) = 0;
};

/// A device, for lists.
struct DeviceEntry {
    std::string id;
    std::string path;  ///< in QEMU's tree of objects
    const bus::DeviceType* type;
    const bus::Bus* bus;
    std::string place;
    bus::Device* device;
    state::Json options;  ///< that it was made with
};

/// All methods belong to the control loop's thread.
class Devices final : private bus::DetachObserver {
  public:
    struct Ports {
        memory::Dma& dma;
        TimerService& timers;
        EventLoop& io;
        EventLoop& control;
        Backends& backends;
        bus::DeviceEvents& events;
        unsigned cpus;
        std::vector<std::string> rom_folders;  ///< where files of option ROMs are looked for first
        bool default_roms;                     ///< functions have those that firmware for PCs starts from
    };
    /// `board_buses` and all of `ports` outlive this object; `observer` may be null. `globals` are defaults of options.
    Devices(const Ports& ports, std::vector<bus::Bus*> board_buses, std::vector<GlobalOption> globals,
            DevicesObserver* observer);
    ~Devices() override;
    Devices(const Devices&) = delete;
    Devices& operator=(const Devices&) = delete;

    /// `hot`: the machine has begun to run.
    Result<> add(const DeviceSpec& spec, bool hot);
    /// Asks the guest to let go of device `id`; the observer is told when it has.
    Result<> remove(const std::string& id);
    /// Every device to its state after power-on. While no vCPU runs.
    void reset();

    std::vector<DeviceEntry> list() const;
    /// What the back ends of device `id` were claimed under; empty if there is no such device.
    std::string owner_of(std::string_view id) const;
    /// For bus::save_parts(), in the order in which they came.
    std::vector<bus::Part> parts() const;
    /// What firmware may start from; `path_of` gives Open Firmware's path of the board's buses.
    std::vector<BootCandidate> bootables(const std::function<std::string(const bus::Bus&)>& path_of) const;
    /// All buses, the board's first.
    std::vector<bus::Bus*> buses() const;

  private:
    struct Entry {
        std::string id;
        std::string owner;  // what its claims of back ends are under
        std::string path;   // QEMU's for it in the tree of objects
        const bus::DeviceType* type = nullptr;
        bus::Bus* bus = nullptr;
        state::Json options;
        std::unique_ptr<bus::Device> device;
    };

    std::string firmware_path(const Entry& entry, const std::function<std::string(const bus::Bus&)>& path_of) const;
    Result<> check_bootindex(const bus::Device& device) const;
    Result<bus::Bus*> choose_bus(const bus::DeviceType& type, const std::string& name) const;
    Result<> make(Entry& entry, const DeviceSpec& spec, bool hot);
    Result<> add_rom(bus::Device& device) const;
    Claimant claimant_of(const Entry& entry) const;
    void device_released(bus::Device& device) override;
    void drop_released();
    void drop(Entry& gone);
    void destroy(Entry& entry);

    const Ports ports_;
    const std::vector<bus::Bus*> board_buses_;
    const std::vector<GlobalOption> globals_;
    DevicesObserver* const observer_;
    std::vector<std::unique_ptr<Entry>> entries_;
    u64 made_ = 0;       // so far
    u64 anonymous_ = 0;  // of them, without an id

    std::mutex lock_;  // guards what follows; innermost
    std::vector<bus::Device*> released_;
};

}  // namespace kelvin::vm
