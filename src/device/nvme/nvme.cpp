// SPDX-License-Identifier: Apache-2.0
#include "device/nvme/nvme.h"

#include <fmt/format.h>

#include <algorithm>

#include "state/saved_state.h"

namespace kelvin::device {

namespace {

/// Those of QEMU's controller, which guests have workarounds and rules for.
constexpr bus::pci::Identity kIdentity = {.vendor = 0x1b36,
                                          .device = 0x0010,
                                          .revision = 2,
                                          .class_code = 0x010802,
                                          .subsystem_vendor = 0x1af4,
                                          .subsystem = 0x1100};
constexpr unsigned kMessageBar = 4;
constexpr std::size_t kSerialSize = 20;
constexpr u32 kMaxPairs = 1024;
/// 4 MiB: more would let one guest have the host remember too many places of one request.
constexpr u8 kMaxTransferExponent = 10;

nvme::ControllerOptions controller_options(const Nvme::Options& options) {
    return {.serial = options.serial,
            .vendor = kIdentity.vendor,
            .subsystem_vendor = kIdentity.subsystem_vendor,
            .io_queues = static_cast<u16>(options.max_ioqpairs),
            .vectors = options.msix_qsize,
            .largest_queue = options.mqes + u32{1},
            .transfer_exponent = options.mdts,
            .event_request_limit = options.aerl};
}

Result<> check(const Nvme::Options& options) {
    if (options.serial.empty()) {
        return user_error("it has no serial number", "add serial=TEXT; guests tell their NVMe disks apart by it");
    }
    if (options.serial.size() > kSerialSize) {
        return user_error(fmt::format("serial '{}' is longer than {} characters", options.serial, kSerialSize));
    }
    if (options.max_ioqpairs == 0 || options.max_ioqpairs > kMaxPairs) {
        return user_error(fmt::format("max_ioqpairs={} is not from 1 to {}", options.max_ioqpairs, kMaxPairs));
    }
    if (options.msix_qsize == 0 || options.msix_qsize > bus::pci::Msix::kMaxVectors) {
        return user_error(
            fmt::format("msix_qsize={} is not from 1 to {}", options.msix_qsize, bus::pci::Msix::kMaxVectors));
    }
    if (options.mqes < 1) {
        return user_error("mqes=0: a queue has two entries at least", "leave mqes out");
    }
    if (options.mdts < 1 || options.mdts > kMaxTransferExponent) {
        return user_error(fmt::format("mdts={} is not from 1 to {}", options.mdts, kMaxTransferExponent),
                          "leave mdts out: commands move 512 KiB at most then");
    }
    return ok();
}

}  // namespace

Result<std::unique_ptr<NvmeNamespace>> NvmeNamespace::create(const Options& options,
                                                             const bus::Surroundings& surroundings) {
    KELVIN_TRY(options.space.check());
    backend::BlockDevice* const disk = KELVIN_TRY(surroundings.backends.claim_block(options.space.drive));
    return std::make_unique<NvmeNamespace>(options, *disk);
}

u32 NvmeBus::free_id() const {
    for (u32 id = 1; id <= nvme::Controller::kMaxNamespaces; ++id) {
        if (!is_taken(id)) {
            return id;
        }
    }
    return 0;
}

Result<> NvmeBus::attach(bus::Device& device, bool) {
    auto* const added = dynamic_cast<NvmeNamespace*>(&device);
    KELVIN_ASSERT(added != nullptr);
    const u32 id = added->wanted_id() != 0 ? added->wanted_id() : free_id();
    if (added->wanted_id() > nvme::Controller::kMaxNamespaces) {
        return user_error(fmt::format("nsid goes to {}", nvme::Controller::kMaxNamespaces));
    }
    if (id == 0) {
        return user_error(fmt::format("bus '{}' is full", name()));
    }
    if (is_taken(id)) {
        return user_error(fmt::format("nsid={} of bus '{}' is taken", id, name()),
                          "leave nsid out: a free one is taken then");
    }
    places_[id] = added;
    io_.call([&] { controller_.add(id, added->space()); });
    return ok();
}

u32 NvmeBus::id_of(const bus::Device& device) const {
    const auto found = std::ranges::find_if(places_, [&](const auto& each) { return each.second == &device; });
    KELVIN_ASSERT(found != places_.end());
    return found->first;
}

void NvmeBus::detach(bus::Device& device) {
    const u32 id = id_of(device);
    io_.call([&] { controller_.remove(id); });
    places_.erase(id);
}

Result<> NvmeBus::request_detach(bus::Device& device, bus::DetachObserver& observer) {
    observer.device_released(device);
    return ok();
}

std::string NvmeBus::place_of(const bus::Device& device) const {
    return fmt::format("nsid {}", id_of(device));
}

std::string NvmeBus::firmware_node(const bus::Device& device) const {
    return fmt::format("namespace@{:x},0", id_of(device));
}

Result<std::unique_ptr<Nvme>> Nvme::create(const Options& given, const bus::Surroundings& surroundings) {
    Options options = given;
    backend::BlockDevice* disk = nullptr;
    if (!options.space.drive.empty()) {
        KELVIN_TRY(options.space.check());
        disk = KELVIN_TRY(surroundings.backends.claim_block(options.space.drive));
    }
    if (options.serial.empty() && disk != nullptr) {
        options.serial = disk->serial().substr(0, kSerialSize);
    }
    KELVIN_TRY(check(options));
    const std::string name = surroundings.id.empty() ? "nvme.0" : surroundings.id;
    return std::make_unique<Nvme>(options, surroundings.io, surroundings.dma, disk, name);
}

Nvme::Nvme(const Options& options, EventLoop& io, memory::Dma& dma, backend::BlockDevice* disk, const std::string& name)
    : Function(options.function, kIdentity),
      controller_(controller_options(options), io, dma, *this),
      bus_(io, controller_) {
    add_interrupt_pin();
    add_bar(0, bus::pci::Bar::Kind::memory64, controller_.size(), controller_);
    add_msix(kMessageBar, options.msix_qsize);
    add_express_endpoint();
    bus_.set_name(name);
    if (disk != nullptr) {
        space_.emplace(options.space, *disk);
        bus_.reserve(1);
        bootable_ = {bus::Bootable::Kind::disk, options.space.bootindex, "namespace@1,0"};
        controller_.add(1, *space_);
    }
}

Nvme::~Nvme() {
    if (space_) {
        controller_.remove(1);
    }
}

/// The line is not used beside messages.
bool Nvme::config_written(u32, unsigned) {
    const bool uses = msix_enabled();
    if (uses != used_messages_) {
        used_messages_ = uses;
        controller_.interrupts_changed();
    }
    return false;
}

namespace {

struct SavedNvme {
    state::Json function;
    state::Json controller;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("function", function);
        visit("controller", controller);
    }
};

}  // namespace

Result<state::Json> Nvme::save() {
    KELVIN_TRY(controller_.check_savable());
    SavedNvme saved{save_function(), controller_.save()};
    return state::save_state(saved);
}

Result<> Nvme::load(const state::Json& json) {
    SavedNvme saved;
    KELVIN_TRY(state::load_state("", json, saved));
    if (const auto function = load_function(saved.function); !function) {
        return state::in_front(".function", function.error());
    }
    const auto controller = controller_.load(saved.controller);
    return controller ? controller : state::in_front(".controller", controller.error());
}

void Nvme::reset() {
    controller_.reset();
    Function::reset();
}

}  // namespace kelvin::device
