// SPDX-License-Identifier: Apache-2.0
#include "device/virtio_scsi/virtio_scsi.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/assert.h"
#include "state/saved_state.h"

namespace kelvin::device {

using bus::scsi::Sense;
using bus::virtio::Chain;

namespace {

constexpr u16 kControl = 0;
constexpr u16 kEvents = 1;
constexpr u16 kFirstRequests = 2;

constexpr u64 kHotplug = u64{1} << 1;
constexpr u64 kChange = u64{1} << 2;

// Configuration space (5.6.4).
constexpr u32 kConfigSize = 36;
constexpr u32 kSenseSize = 96;
constexpr u32 kCdbSize = 32;

// Requests (5.6.6.1): what is in front of the data, in either direction.
constexpr u64 kCdbAt = 19;
constexpr u64 kCommandHeader = kCdbAt + kCdbSize;
constexpr u64 kResponseHeader = 12 + kSenseSize;
constexpr u64 kStatusAt = 10;

constexpr u8 kResponseOk = 0;
constexpr u8 kBadTarget = 3;

// Control requests (5.6.6.2) and events (5.6.6.3).
constexpr u32 kTaskManagement = 0;
constexpr u32 kAsyncQuery = 1;
constexpr u32 kAsyncSubscribe = 2;
constexpr u8 kFunctionComplete = 0;
constexpr u8 kFunctionRejected = 5;
constexpr u32 kTransportReset = 1;
constexpr u32 kEventsMissed = 0x80000000;
constexpr u32 kReasonRescan = 1;
constexpr u32 kReasonRemoved = 2;

struct Lun {
    u32 target = 0;
    u32 lun = 0;
};

/// 5.6.6.1: a byte of 1, the target, and the unit in flat addressing.
std::optional<Lun> parse_lun(std::span<const u8, 8> bytes) {
    if (bytes[0] != 1) {
        return std::nullopt;
    }
    return Lun{bytes[1], static_cast<u32>(bytes[2] & 0x3f) << 8 | bytes[3]};
}

void store32(std::span<u8> bytes, std::size_t at, u32 value) {
    std::memcpy(bytes.data() + at, &value, sizeof value);
}

}  // namespace

/// A command on its way: it reads and writes the chain's buffers behind their headers.
struct VirtioScsi::Command final : public bus::scsi::Request {
    VirtioScsi* host = nullptr;
    u16 queue = 0;
    Chain chain;
    std::array<u8, kMaxCdb> bytes{};

    std::span<const u8, kMaxCdb> cdb() const override { return bytes; }
    u64 in_size() const override { return chain.writable_size() - kResponseHeader; }
    u64 out_size() const override { return chain.readable_size() - kCommandHeader; }
    bool write_in(u64 offset, std::span<const u8> data) override { return chain.write(kResponseHeader + offset, data); }
    bool read_out(u64 offset, std::span<u8> data) const override { return chain.read(kCommandHeader + offset, data); }
    bool in_pieces(u64 size, std::vector<iovec>& out) const override {
        return chain.writable_pieces(kResponseHeader, size, out);
    }
    bool out_pieces(u64 size, std::vector<iovec>& out) const override {
        return chain.readable_pieces(kCommandHeader, size, out);
    }
    void complete(bus::scsi::Status status, const Sense& why, u64 transferred) override {
        respond(static_cast<u8>(status), kResponseOk, why, transferred);
    }
    void respond(u8 status, u8 response, const Sense& why, u64 transferred) {
        std::array<u8, kResponseHeader> header{};
        const auto sense = why.fixed();
        const bool failed = why != bus::scsi::sense::kNone;
        const u64 wanted = std::max(in_size(), out_size());
        store32(header, 0, failed ? static_cast<u32>(sense.size()) : 0);
        store32(header, 4, static_cast<u32>(wanted - std::min(wanted, transferred)));
        header[kStatusAt] = status;
        header[kStatusAt + 1] = response;
        if (failed) {
            std::ranges::copy(sense, header.begin() + 12);
        }
        KELVIN_ASSERT(chain.write(0, header));
        host->give_back(queue, chain, kResponseHeader + (in_size() != 0 ? transferred : 0));
        host->idle_.push_back(this);
    }
};

Result<std::unique_ptr<VirtioScsi>> VirtioScsi::create(const Options& given, const bus::Surroundings& surroundings) {
    Options options = given;
    if (!std::has_single_bit(options.virtqueue_size) || options.virtqueue_size < 8 || options.virtqueue_size > 1024) {
        return user_error(
            fmt::format("virtqueue_size={} is not a power of two from 8 to 1024", options.virtqueue_size));
    }
    if (options.num_queues > 256) {
        return user_error("num_queues cannot be more than 256");
    }
    options.num_queues =
        options.num_queues == 0 ? static_cast<u16>(std::min(surroundings.cpus, 256U)) : options.num_queues;
    const std::string name = surroundings.id.empty() ? "scsi.0" : surroundings.id + ".0";
    return std::make_unique<VirtioScsi>(options, surroundings.io, surroundings.dma, name);
}

VirtioScsi::VirtioScsi(const Options& options, EventLoop& io, memory::Dma& dma, const std::string& name)
    : Device({.id = 8,
              .pci_class = 0x010000,
              .features =
                  options.ring.features() | (options.hotplug ? kHotplug : 0) | (options.param_change ? kChange : 0),
              .queue_sizes =
                  std::vector<u16>(kFirstRequests + std::max<u16>(options.num_queues, 1), options.virtqueue_size),
              .config_size = kConfigSize},
             io, dma),
      bus_(io, this) {
    bus_.set_name(name);
    std::array<u8, kConfigSize> config{};
    store32(config, 0, queue_count() - kFirstRequests);
    store32(config, 4, options.virtqueue_size - 2U);  // room for the two headers
    store32(config, 8, options.max_sectors);
    store32(config, 12, options.cmd_per_lun);
    store32(config, 16, 16);
    store32(config, 20, kSenseSize);
    store32(config, 24, kCdbSize);
    config[30] = bus::scsi::ScsiBus::kMaxTarget;
    store32(config, 32, bus::scsi::ScsiBus::kMaxLun);
    set_config(0, config);
}

VirtioScsi::~VirtioScsi() = default;

void VirtioScsi::started(u64) {}

void VirtioScsi::stopped() {
    bus_.drain();
    events_.clear();
    events_lost_ = false;
}

void VirtioScsi::queue_notified(u16 queue) {
    if (queue == kControl) {
        serve(kControl, chain_, [this](const Chain& chain) {
            manage(chain);
            return true;
        });
    } else if (queue == kEvents) {
        send_events();
    } else {
        run_commands(queue);
    }
}

VirtioScsi::Command& VirtioScsi::take_command() {
    if (idle_.empty()) {
        commands_.push_back(std::make_unique<Command>());
        commands_.back()->host = this;
        idle_.push_back(commands_.back().get());
    }
    Command& command = *idle_.back();
    idle_.pop_back();
    return command;
}

void VirtioScsi::run_commands(u16 queue) {
    for (unsigned fuel = kFuel; fuel != 0; --fuel) {
        Command& command = take_command();
        if (!next_chain(queue, command.chain)) {
            idle_.push_back(&command);
            return;
        }
        command.queue = queue;
        std::array<u8, kCommandHeader> header{};
        if (!command.chain.read(0, header) || command.chain.writable_size() < kResponseHeader) {
            idle_.push_back(&command);
            fail("a SCSI request without room for command and response");
            return;
        }
        std::ranges::copy(std::span(header).subspan(kCdbAt), command.bytes.begin());
        const auto lun = parse_lun(std::span(header).first<8>());
        if (lun) {
            bus_.execute(lun->target, lun->lun, command);
        } else {
            command.respond(0, kBadTarget, {}, 0);
        }
    }
    notify(queue);
}

/// Commands that are under way cannot be called back from the host's disks: a task is aborted by letting it end.
void VirtioScsi::manage(const Chain& chain) {
    std::array<u8, 4> bytes{};
    if (!chain.read(0, bytes)) {
        give_back(kControl, chain, 0);
        return;
    }
    const u32 type = std::bit_cast<u32>(bytes);
    u64 written = 0;
    if (type == kTaskManagement) {
        bus_.drain();
        written = chain.write(0, std::array<u8, 1>{kFunctionComplete}) ? 1 : 0;
    } else if (type == kAsyncQuery || type == kAsyncSubscribe) {
        // No asynchronous notifications of any kind.
        written = chain.write(0, std::array<u8, 5>{}) ? 5 : 0;
    } else {
        written = chain.write(0, std::array<u8, 1>{kFunctionRejected}) ? 1 : 0;
    }
    give_back(kControl, chain, written);
}

void VirtioScsi::unit_changed(u32 target, u32 lun, bool arrived) {
    if (!running() || !has(kHotplug)) {
        return;
    }
    if (events_.size() == kMaxEvents) {
        events_lost_ = true;
        return;
    }
    events_.push_back({target, lun, arrived ? kReasonRescan : kReasonRemoved});
    send_events();
}

void VirtioScsi::send_events() {
    while (!events_.empty() && next_chain(kEvents, chain_)) {
        const Event event = events_.front();
        events_.pop_front();
        std::array<u8, 16> bytes{};
        store32(bytes, 0, kTransportReset | (std::exchange(events_lost_, false) ? kEventsMissed : 0));
        bytes[4] = 1;
        bytes[5] = static_cast<u8>(event.target);
        bytes[6] = static_cast<u8>(event.lun >> 8 | 0x40);
        bytes[7] = static_cast<u8>(event.lun);
        store32(bytes, 12, event.reason);
        give_back(kEvents, chain_, chain_.write(0, bytes) ? bytes.size() : 0);
    }
}

void VirtioScsi::quiesce() {
    bus_.settle();
}

Result<state::Json> VirtioScsi::save() {
    State saved{{events_.begin(), events_.end()}, events_lost_};
    return state::save_state(saved);
}

Result<> VirtioScsi::State::check() const {
    const auto possible = [](const Event& event) {
        return event.target <= bus::scsi::ScsiBus::kMaxTarget && event.lun <= bus::scsi::ScsiBus::kMaxLun &&
               (event.reason == kReasonRescan || event.reason == kReasonRemoved);
    };
    if (events.size() > kMaxEvents || !std::ranges::all_of(events, possible)) {
        return user_error("the events that wait are too many, or of no unit that there can be");
    }
    return ok();
}

Result<> VirtioScsi::load(const state::Json& json) {
    State saved;
    KELVIN_TRY(state::load_state("", json, saved));
    events_.assign(saved.events.begin(), saved.events.end());
    events_lost_ = saved.events_lost;
    return ok();
}

}  // namespace kelvin::device
