// SPDX-License-Identifier: Apache-2.0
#include "device/virtio_balloon/virtio_balloon.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <ctime>
#include <limits>
#include <vector>

#include "state/saved_state.h"

namespace kelvin::device {

using bus::virtio::Chain;

namespace {

// Features (5.5.3).
constexpr u64 kStatistics = u64{1} << 1;
constexpr u64 kDeflateOnOom = u64{1} << 2;
constexpr u64 kPagePoison = u64{1} << 4;
constexpr u64 kPageReporting = u64{1} << 5;

// Configuration space (5.5.4).
constexpr u32 kPagesAt = 0;
constexpr u32 kActualAt = 4;
constexpr u32 kPoisonAt = 12;
constexpr u32 kConfigSize = 16;
constexpr u32 kConfigSizeWithoutPoison = 8;

// Queues (5.5.2). Those behind come one after the other as far as their features are negotiated.
constexpr u16 kInflate = 0;
constexpr u16 kDeflate = 1;
constexpr u16 kStatisticsQueue = 2;
constexpr u16 kQueueSize = 128;

constexpr unsigned kPageShift = 12;  // 5.5.6: page numbers are of 4096 bytes on every machine
constexpr u64 kPage = u64{1} << kPageShift;

/// Drivers lend at most 1024 pages at once. A request that names the same page a billion times would keep all other
/// devices waiting.
constexpr u64 kMaxPages = 65536;
/// Linux reports at most 32 blocks of at most 512 MiB. The same attack.
constexpr u64 kMaxReported = u64{16} << 30;

constexpr u64 kStatisticSize = 10;  // a tag of 16 bits, a value of 64
/// There are 16 kinds; more is a driver's of tomorrow, or one that has the host read for long.
constexpr u64 kMaxStatistics = 64;
constexpr i64 kNsPerSecond = 1'000'000'000;

bus::virtio::Identity identity_of(const VirtioBalloon::Options& options) {
    u64 features = options.ring.features() | kStatistics;
    features |= options.deflate_on_oom ? kDeflateOnOom : 0;
    features |= options.page_poison ? kPagePoison : 0;
    features |= options.free_page_reporting ? kPageReporting : 0;
    return {.id = 5,
            .pci_class = 0x00ff00,
            .features = features,
            .queue_sizes = std::vector<u16>(options.free_page_reporting ? 4 : 3, kQueueSize),
            .config_size = options.page_poison ? kConfigSize : kConfigSizeWithoutPoison};
}

std::array<u8, 4> bytes_of(u32 value) {
    return std::bit_cast<std::array<u8, 4>>(value);
}

}  // namespace

Result<std::unique_ptr<VirtioBalloon>> VirtioBalloon::create(const Options& options,
                                                             const bus::Surroundings& surroundings) {
    if (options.free_page_hint) {
        return user_error("free-page-hint=on: no migration uses the hints",
                          "free-page-reporting=on gives free pages to the host all the time");
    }
    backend::MemoryBalloon* const balloon = KELVIN_TRY(surroundings.backends.claim_balloon());
    return std::make_unique<VirtioBalloon>(options, surroundings.io, surroundings.dma, *balloon);
}

VirtioBalloon::VirtioBalloon(const Options& options, EventLoop& io, memory::Dma& dma, backend::MemoryBalloon& balloon)
    : Device(identity_of(options), io, dma), balloon_(balloon) {
    const bool connected = balloon_.connect(static_cast<BalloonDevice&>(*this));
    KELVIN_ASSERT(connected);
}

VirtioBalloon::~VirtioBalloon() {
    balloon_.disconnect();
    io().cancel(&poll_);
}

u16 VirtioBalloon::reporting_queue() const {
    return has(kStatistics) ? kStatisticsQueue + 1 : kStatisticsQueue;
}

void VirtioBalloon::started(u64) {
    schedule_poll();
}

void VirtioBalloon::stopped() {
    io().cancel(&poll_);
    holds_statistics_ = false;
    poison_ = 0;
    // The pages that it had lent are a new driver's to use: they are memory again as soon as they are touched.
    set_config(kActualAt, bytes_of(0));
    if (identity().config_size > kPoisonAt) {
        set_config(kPoisonAt, bytes_of(0));
    }
    balloon_.report_inflation(0);
}

void VirtioBalloon::config_written(u32 offset, std::span<const u8> data) {
    std::array<u8, kConfigSize> now{};
    read_config(0, now);
    std::ranges::copy(data.first(std::min<std::size_t>(data.size(), now.size() - offset)), now.begin() + offset);
    const auto word = [&](u32 at) {
        u32 value = 0;
        std::memcpy(&value, now.data() + at, sizeof value);
        return value;
    };
    if (identity().config_size > kPoisonAt) {
        poison_ = word(kPoisonAt);
        set_config(kPoisonAt, bytes_of(poison_));
    }
    if (running()) {
        set_config(kActualAt, bytes_of(word(kActualAt)));
        balloon_.report_inflation(u64{word(kActualAt)} << kPageShift);
    }
}

void VirtioBalloon::set_inflation(u64 bytes) {
    const u64 pages = std::min<u64>(bytes >> kPageShift, std::numeric_limits<u32>::max());
    change_config(kPagesAt, bytes_of(static_cast<u32>(pages)));
}

void VirtioBalloon::queue_notified(u16 queue) {
    if (queue == kInflate) {
        serve(queue, chain_, [this](const Chain& chain) { return inflate(chain); });
    } else if (queue == kDeflate) {
        // A page is memory again when it is touched: nothing is to be done.
        serve(queue, chain_, [this](const Chain& chain) {
            give_back(kDeflate, chain, 0);
            return true;
        });
    } else if (queue == kStatisticsQueue && has(kStatistics)) {
        take_statistics();
    } else if (queue == reporting_queue() && has(kPageReporting)) {
        serve(queue, chain_, [this](const Chain& chain) { return discard_reported(chain); });
    }
}

/// False if the driver has broken a rule.
bool VirtioBalloon::inflate(const Chain& chain) {
    const u64 count = chain.readable_size() / sizeof(u32);
    if (count > kMaxPages) {
        fail("it lends more pages at once than any driver does");
        return false;
    }
    std::vector<u32> pages(count);
    chain.read(0, std::span(reinterpret_cast<u8*>(pages.data()), count * sizeof(u32)));
    // Runs of neighbours, up or down, are given back with one call. What is no RAM is not given back; a page that was
    // already costs nothing.
    for (std::size_t i = 0; i < pages.size();) {
        std::size_t end = i + 1;
        while (end < pages.size() && pages[end] == pages[end - 1] + 1) {
            ++end;
        }
        u32 first = pages[i];
        if (end == i + 1) {
            while (end < pages.size() && pages[end] + 1 == pages[end - 1]) {
                first = pages[end++];
            }
        }
        dma().discard({u64{first} << kPageShift}, kPage * (end - i));
        i = end;
    }
    give_back(kInflate, chain, 0);
    return true;
}

/// Likewise. Pages that the guest does not use and whose content it may find changed (5.5.6.7): to zeros, which a guest
/// that fills free pages with something else would find a fault in.
bool VirtioBalloon::discard_reported(const Chain& chain) {
    if (chain.writable_size() > kMaxReported) {
        fail("it reports more free memory at once than any driver does");
        return false;
    }
    if (!has(kPagePoison) || poison_ == 0) {
        chain.for_each_writable([this](Gpa address, u64 size) { dma().discard(address, size); });
    }
    give_back(reporting_queue(), chain, 0);
    return true;
}

/// The driver's buffer stays here until figures are wanted (5.5.6.3).
void VirtioBalloon::take_statistics() {
    if (holds_statistics_ || !next_chain(kStatisticsQueue, statistics_)) {
        return;
    }
    holds_statistics_ = true;
    backend::BalloonStatistics figures;
    const u64 count = std::min(statistics_.readable_size() / kStatisticSize, kMaxStatistics);
    for (u64 index = 0; index < count; ++index) {
        std::array<u8, kStatisticSize> one{};
        statistics_.read(index * kStatisticSize, one);
        u16 tag = 0;
        u64 value = 0;
        std::memcpy(&tag, one.data(), sizeof tag);
        std::memcpy(&value, one.data() + sizeof tag, sizeof value);
        if (tag < figures.values.size()) {
            figures.values[tag] = value;
        }
    }
    figures.last_update = std::time(nullptr);
    balloon_.report_statistics(figures);
    schedule_poll();
}

void VirtioBalloon::set_polling_interval(u32 seconds) {
    polling_interval_ = seconds;
    schedule_poll();
}

void VirtioBalloon::schedule_poll() {
    io().cancel(&poll_);
    if (running() && polling_interval_ != 0) {
        io().post(call_method<&Poll::ask, Poll>, &poll_, polling_interval_ * kNsPerSecond);
    }
}

void VirtioBalloon::Poll::ask() {
    if (device.holds_statistics_) {
        device.holds_statistics_ = false;
        device.give_back(kStatisticsQueue, device.statistics_, 0);
    } else {
        device.schedule_poll();
    }
}

u32 VirtioBalloon::config_word(u32 at) const {
    std::array<u8, 4> bytes{};
    read_config(at, bytes);
    return std::bit_cast<u32>(bytes);
}

void VirtioBalloon::quiesce() {
    if (std::exchange(holds_statistics_, false)) {
        put_back(kStatisticsQueue, {&statistics_, 1});
    }
}

Result<state::Json> VirtioBalloon::save() {
    State saved{config_word(kPagesAt), config_word(kActualAt), poison_};
    return state::save_state(saved);
}

Result<> VirtioBalloon::load(const state::Json& json) {
    State saved;
    KELVIN_TRY(state::load_state("", json, saved));
    if (saved.poison != 0 && identity().config_size <= kPoisonAt) {
        return user_error(".poison: this device, made with page-poison=off, has none");
    }
    set_config(kPagesAt, bytes_of(saved.wanted_pages));
    set_config(kActualAt, bytes_of(saved.actual_pages));
    if (identity().config_size > kPoisonAt) {
        set_config(kPoisonAt, bytes_of(saved.poison));
    }
    poison_ = saved.poison;
    balloon_.report_inflation(u64{saved.actual_pages} << kPageShift);
    schedule_poll();
    return ok();
}

}  // namespace kelvin::device
