// SPDX-License-Identifier: Apache-2.0
#include "device/virtio_blk/virtio_blk.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include "base/bits.h"
#include "state/saved_state.h"

namespace kelvin::device {

using backend::BlockRequest;

namespace {

// Features (5.2.3).
constexpr u64 kSegmentMax = u64{1} << 2;
constexpr u64 kReadOnly = u64{1} << 5;
constexpr u64 kBlockSize = u64{1} << 6;
constexpr u64 kFlush = u64{1} << 9;
constexpr u64 kTopology = u64{1} << 10;
constexpr u64 kConfigWriteCache = u64{1} << 11;
constexpr u64 kManyQueues = u64{1} << 12;
constexpr u64 kDiscard = u64{1} << 13;
constexpr u64 kWriteZeroes = u64{1} << 14;

// Configuration space (5.2.4).
constexpr u32 kCapacityAt = 0;
constexpr u32 kSegmentMaxAt = 12;
constexpr u32 kBlockSizeAt = 20;
constexpr u32 kPhysicalExponentAt = 24;
constexpr u32 kMinimumAt = 26;
constexpr u32 kOptimumAt = 28;
constexpr u32 kWriteCacheAt = 32;
constexpr u32 kQueuesAt = 34;
constexpr u32 kDiscardSectorsAt = 36;
constexpr u32 kDiscardSegmentsAt = 40;
constexpr u32 kDiscardAlignmentAt = 44;
constexpr u32 kZeroSectorsAt = 48;
constexpr u32 kZeroSegmentsAt = 52;
constexpr u32 kZeroUnmapsAt = 56;
constexpr u32 kConfigSize = 60;

// Requests (5.2.6).
constexpr u32 kIn = 0;
constexpr u32 kOut = 1;
constexpr u32 kFlushRequest = 4;
constexpr u32 kGetId = 8;
constexpr u32 kDiscardRequest = 11;
constexpr u32 kWriteZeroesRequest = 13;
constexpr u8 kOk = 0;
constexpr u8 kError = 1;
constexpr u8 kUnsupported = 2;
constexpr u32 kUnmap = 1;

constexpr u64 kSector = 512;
constexpr u64 kHeader = 16;
constexpr u64 kIdSize = 20;
/// No driver moves more at once; more would let one guest hold the host's queue for seconds.
constexpr u64 kMaxTransfer = u64{128} << 20;
/// A gigabyte: what a host clears in one call without being gone for long.
constexpr u32 kMaxClearSectors = u32{1} << 21;

template <class T>
std::array<u8, sizeof(T)> bytes_of(T value) {
    return std::bit_cast<std::array<u8, sizeof(T)>>(value);
}

Result<> check_size(const char* name, u32 size) {
    if (!std::has_single_bit(size) || size < kSector || size > 32768) {
        return user_error(fmt::format("{}={} is not a power of two from 512 to 32768", name, size));
    }
    return ok();
}

bus::virtio::Identity identity_of(const VirtioBlk::Options& options, const backend::BlockDevice& disk) {
    u64 features = options.ring.features() | kSegmentMax | kBlockSize | kFlush | kTopology;
    const u16 queues = std::max<u16>(options.num_queues, 1);
    features |= disk.read_only() ? kReadOnly : 0;
    features |= options.config_wce ? kConfigWriteCache : 0;
    features |= queues > 1 ? kManyQueues : 0;
    features |= options.discard && disk.limits().discards && !disk.read_only() ? kDiscard : 0;
    features |= options.write_zeroes && !disk.read_only() ? kWriteZeroes : 0;
    return {.id = 2,
            .pci_class = 0x010000,
            .features = features,
            .queue_sizes = std::vector<u16>(queues, options.queue_size),
            .config_size = kConfigSize};
}

}  // namespace

/// A request on its way: everything that it needs is kept and used again.
struct VirtioBlk::Request {
    VirtioBlk* device = nullptr;
    u16 queue = 0;
    bus::virtio::Chain chain;
    std::vector<iovec> pieces;
    BlockRequest block;
};

Result<std::unique_ptr<VirtioBlk>> VirtioBlk::create(const Options& given, const bus::Surroundings& surroundings) {
    Options options = given;
    if (options.drive.empty()) {
        return user_error("it has no drive", "add drive=ID, with -drive if=none,id=ID,file=FILE");
    }
    KELVIN_TRY(check_size("logical_block_size", options.logical_block_size));
    KELVIN_TRY(check_size("physical_block_size", options.physical_block_size));
    if (options.physical_block_size < options.logical_block_size) {
        return user_error("physical_block_size is less than logical_block_size");
    }
    if (options.serial.size() > kIdSize) {
        return user_error(fmt::format("serial '{}' is longer than {} characters", options.serial, kIdSize));
    }
    if (!std::has_single_bit(options.queue_size) || options.queue_size < 4 || options.queue_size > 1024) {
        return user_error(fmt::format("queue-size={} is not a power of two from 4 to 1024", options.queue_size));
    }
    if (options.num_queues > 256) {
        return user_error("num-queues cannot be more than 256");
    }
    options.num_queues =
        options.num_queues == 0 ? static_cast<u16>(std::min(surroundings.cpus, 256U)) : options.num_queues;
    backend::BlockDevice* const disk = KELVIN_TRY(surroundings.backends.claim_block(options.drive));
    return std::make_unique<VirtioBlk>(options, surroundings.io, surroundings.dma, *disk);
}

VirtioBlk::VirtioBlk(const Options& options, EventLoop& io, memory::Dma& dma, backend::BlockDevice& disk)
    : Device(identity_of(options, disk), io, dma),
      disk_(disk),
      bootable_{disk.read_only() ? bus::Bootable::Kind::cd : bus::Bootable::Kind::disk, options.bootindex, "disk@0,0"},
      serial_(options.serial.empty() ? disk.serial().substr(0, kIdSize) : options.serial),
      block_size_(options.logical_block_size),
      cached_at_first_(options.write_cache == state::OnOffAuto::automatic
                           ? disk.limits().write_cache
                           : options.write_cache == state::OnOffAuto::on) {
    publish_limits(options);
    publish_size(false);
    disk_.set_size_handler([](void* device) { static_cast<VirtioBlk*>(device)->publish_size(true); }, this);
    disk_.set_error_policy(options.on_error);
}

VirtioBlk::~VirtioBlk() {
    disk_.set_size_handler(nullptr, nullptr);
    disk_.drain();
}

void VirtioBlk::publish_limits(const Options& options) {
    const backend::BlockLimits& limits = disk_.limits();
    const u32 optimum = options.opt_io_size != 0 ? options.opt_io_size : limits.optimal_transfer;
    const u32 unit = std::max(limits.discard_granularity, block_size_) / static_cast<u32>(kSector);
    // Room for the header and the status.
    set_config(kSegmentMaxAt, bytes_of<u32>(options.queue_size - 2U));
    set_config(kBlockSizeAt, bytes_of<u32>(block_size_));
    set_config(kPhysicalExponentAt,
               bytes_of<u8>(static_cast<u8>(std::countr_zero(options.physical_block_size / block_size_))));
    set_config(kMinimumAt, bytes_of<u16>(static_cast<u16>(options.min_io_size / block_size_)));
    set_config(kOptimumAt, bytes_of<u32>(optimum / block_size_));
    set_config(kWriteCacheAt, bytes_of<u8>(cached_at_first_ ? 1 : 0));
    set_config(kQueuesAt, bytes_of<u16>(queue_count()));
    set_config(kDiscardSectorsAt, bytes_of<u32>(kMaxClearSectors));
    set_config(kDiscardSegmentsAt, bytes_of<u32>(1));
    set_config(kDiscardAlignmentAt, bytes_of<u32>(unit));
    set_config(kZeroSectorsAt, bytes_of<u32>(kMaxClearSectors));
    set_config(kZeroSegmentsAt, bytes_of<u32>(1));
    set_config(kZeroUnmapsAt, bytes_of<u8>(limits.discards ? 1 : 0));
}

void VirtioBlk::publish_size(bool announce) {
    const auto capacity = bytes_of<u64>(align_down(disk_.size(), block_size_) / kSector);
    if (announce) {
        change_config(kCapacityAt, capacity);
    } else {
        set_config(kCapacityAt, capacity);
    }
}

void VirtioBlk::started(u64) {
    // 5.2.6.2: a driver that cannot flush gets a disk whose writes are durable when they are done.
    cached_ = cached_at_first_ && has(kFlush);
}

void VirtioBlk::stopped() {
    disk_.drain();
    set_config(kWriteCacheAt, bytes_of<u8>(cached_at_first_ ? 1 : 0));
}

void VirtioBlk::config_written(u32 offset, std::span<const u8> data) {
    if (offset == kWriteCacheAt && data.size() == 1 && has(kConfigWriteCache)) {
        cached_ = data[0] != 0;
        set_config(kWriteCacheAt, bytes_of<u8>(cached_ ? 1 : 0));
    }
}

VirtioBlk::Request& VirtioBlk::take_request() {
    if (idle_.empty()) {
        requests_.push_back(std::make_unique<Request>());
        requests_.back()->device = this;
        idle_.push_back(requests_.back().get());
    }
    Request& request = *idle_.back();
    idle_.pop_back();
    return request;
}

void VirtioBlk::queue_notified(u16 queue) {
    const backend::BlockBatch batch(disk_);
    for (unsigned fuel = kFuel; fuel != 0; --fuel) {
        Request& request = take_request();
        if (!next_chain(queue, request.chain)) {
            idle_.push_back(&request);
            return;
        }
        request.queue = queue;
        begin(request);
    }
    notify(queue);
}

void VirtioBlk::begin(Request& request) {
    std::array<u8, kHeader> header{};
    if (request.chain.writable_size() == 0 || !request.chain.read(0, header)) {
        fail("a request without header or status");
        idle_.push_back(&request);
        return;
    }
    u32 type = 0;
    u64 sector = 0;
    std::memcpy(&type, header.data(), sizeof type);
    std::memcpy(&sector, header.data() + 8, sizeof sector);
    switch (type) {
        case kIn:
            return transfer(request, false, sector);
        case kOut:
            return transfer(request, true, sector);
        case kFlushRequest:
            request.block = {.kind = BlockRequest::Kind::flush};
            return submit(request);
        case kGetId:
            return identify(request);
        case kDiscardRequest:
            return clear(request, true);
        case kWriteZeroesRequest:
            return clear(request, false);
        default:
            return finish(request, kUnsupported);
    }
}

bool VirtioBlk::in_range(u64 sector, u64 bytes) const {
    const u64 sectors = disk_.size() / kSector;
    return bytes % block_size_ == 0 && sector % (block_size_ / kSector) == 0 && sector <= sectors &&
           bytes / kSector <= sectors - sector;
}

void VirtioBlk::transfer(Request& request, bool is_write, u64 sector) {
    const u64 bytes = is_write ? request.chain.readable_size() - kHeader : request.chain.writable_size() - 1;
    if (!in_range(sector, bytes) || bytes > kMaxTransfer) {
        return finish(request, kError);
    }
    request.pieces.clear();
    const bool found = is_write ? request.chain.readable_pieces(kHeader, bytes, request.pieces)
                                : request.chain.writable_pieces(0, bytes, request.pieces);
    KELVIN_ASSERT(found);
    if (bytes == 0) {
        return finish(request, kOk);
    }
    request.block = {.kind = is_write ? BlockRequest::Kind::write : BlockRequest::Kind::read,
                     .force_unit_access = is_write && !cached_,
                     .offset = sector * kSector,
                     .length = bytes,
                     .segments = request.pieces};
    submit(request);
}

/// Discards or clears the one range that the data describes (5.2.6.2).
void VirtioBlk::clear(Request& request, bool discards) {
    struct Range {
        u64 sector;
        u32 sectors;
        u32 flags;
    };
    std::array<u8, sizeof(Range)> bytes{};
    if (!has(discards ? kDiscard : kWriteZeroes) || request.chain.readable_size() != kHeader + sizeof(Range) ||
        !request.chain.read(kHeader, bytes)) {
        return finish(request, kUnsupported);
    }
    const auto range = std::bit_cast<Range>(bytes);
    if ((range.flags & ~kUnmap) != 0 || (discards && range.flags != 0)) {
        return finish(request, kUnsupported);
    }
    if (range.sectors > kMaxClearSectors || !in_range(range.sector, u64{range.sectors} * kSector)) {
        return finish(request, kError);
    }
    request.block = {.kind = discards ? BlockRequest::Kind::discard : BlockRequest::Kind::write_zeroes,
                     .may_unmap = (range.flags & kUnmap) != 0,
                     .force_unit_access = !discards && !cached_,
                     .offset = range.sector * kSector,
                     .length = u64{range.sectors} * kSector};
    submit(request);
}

void VirtioBlk::identify(Request& request) {
    std::array<u8, kIdSize> id{};
    std::ranges::copy(serial_, id.begin());
    const u64 room = std::min<u64>(kIdSize, request.chain.writable_size() - 1);
    KELVIN_ASSERT(request.chain.write(0, std::span(id).first(room)));
    finish(request, kOk);
}

void VirtioBlk::submit(Request& request) {
    request.block.context = &request;
    request.block.done = [](BlockRequest& block, int error) {
        auto& done = *static_cast<Request*>(block.context);
        done.device->finish(done, error == 0 ? kOk : error == ENOTSUP ? kUnsupported : kError);
    };
    disk_.submit(request.block);
}

void VirtioBlk::finish(Request& request, u8 status) {
    // The last byte.
    const u64 status_at = request.chain.writable_size() - 1;
    const std::array<u8, 1> byte{status};
    KELVIN_ASSERT(request.chain.write(status_at, byte));
    give_back(request.queue, request.chain, status_at + 1);
    idle_.push_back(&request);
}

void VirtioBlk::quiesce() {
    disk_.settle();
}

Result<state::Json> VirtioBlk::save() {
    KELVIN_TRY(backend::check_savable(disk_));
    State saved{cached_};
    return state::save_state(saved);
}

Result<> VirtioBlk::load(const state::Json& json) {
    State saved;
    KELVIN_TRY(state::load_state("", json, saved));
    if (running() && saved.cached && !has(kFlush) && !has(kConfigWriteCache)) {
        return user_error(".cached: a driver that can neither flush nor choose has a disk whose writes are durable");
    }
    cached_ = saved.cached;
    if (has(kConfigWriteCache)) {
        set_config(kWriteCacheAt, bytes_of<u8>(cached_ ? 1 : 0));
    }
    return ok();
}

}  // namespace kelvin::device
