// SPDX-License-Identifier: Apache-2.0
// A machine without processors: RAM, a PCI root, slots for virtio over MMIO, and the fakes that devices need.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/loop_thread.h"
#include "base/timer_service.h"
#include "bus/isa/isa_bus.h"
#include "bus/pci/host_bridge.h"
#include "bus/virtio/mmio_transport.h"
#include "exercise/fake_backends.h"
#include "exercise/random.h"
#include "memory/address_map.h"

namespace kelvin::exercise {

class Guest final : private bus::MsiController, private bus::DeviceEvents {
  public:
    static constexpr u64 kRam = 0x40000000;
    static constexpr u64 kRamSize = u64{2} << 20;
    static constexpr u64 kWindow = 0x10000000;
    static constexpr u64 kWindowSize = u64{256} << 20;

    /// Its address, where a device has sockets.
    static constexpr u64 kCid = 3;

    explicit Guest(u64 seed);
    ~Guest() override;
    Guest(const Guest&) = delete;
    Guest& operator=(const Guest&) = delete;

    /// With an option for each back end that it can have.
    std::unique_ptr<bus::Device> make(const bus::DeviceType& type);
    void destroy(std::unique_ptr<bus::Device>& device);
    /// A bus of the board's of that kind; null if it has none.
    bus::Bus* board_bus(std::string_view kind);
    /// Calls work() on the I/O loop.
    template <class Work>
    void on_io(Work&& work) {
        io.loop.call(work);
    }

    u64 ram_address() { return kRam + random.below(kRamSize) / 16 * 16; }
    template <class T>
    void store(u64 address, T value) {
        memory.slice({address}, sizeof(T))->template store_release<T>(0, value);
    }
    template <class T>
    T load(u64 address) {
        return memory.slice({address}, sizeof(T))->template load_acquire<T>(0);
    }
    /// Messages of interrupts so far.
    unsigned messages() const { return messages_; }
    /// What devices find where nothing was put for them.
    void fill_ram();

    Random random;
    LoopThread io;
    memory::AddressMap memory;
    std::unique_ptr<HostTimerService> timers;
    FakeBackends backends;
    std::unique_ptr<bus::pci::HostBridge> host;
    bus::virtio::MmioTransport slot;
    memory::PortMap ports;
    bus::isa::IsaBus isa{"isa.0", ports, std::array<Wire, bus::isa::kInterrupts>{}};

  private:
    void deliver(const bus::Msi&) override { ++messages_; }
    void device_event(std::string_view, state::Json) override {}
    std::atomic<unsigned> messages_ = 0;
    unsigned sockets_ = 0;  // of the host's, made so far
};

}  // namespace kelvin::exercise
