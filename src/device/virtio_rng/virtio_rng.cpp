// SPDX-License-Identifier: Apache-2.0
#include "device/virtio_rng/virtio_rng.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "state/saved_state.h"

namespace kelvin::device {

namespace {

constexpr u16 kRequests = 0;
constexpr i64 kNsPerMs = 1'000'000;
constexpr i64 kRetryNs = 10 * kNsPerMs;  // of a source that has nothing now
/// What one request gets at most; 5.4.6.1 lets a device write less than there is room for. Buffers may lie over each
/// other, so that a request can ask for terabytes, for which all other devices and the monitor would wait.
constexpr u64 kMaxAnswer = 16384;

}  // namespace

Result<std::unique_ptr<VirtioRng>> VirtioRng::create(const Options& options, const bus::Surroundings& surroundings) {
    if (options.period == 0 || options.max_bytes == 0) {
        return user_error("period and max-bytes of a random number generator cannot be 0", "leave them out");
    }
    backend::EntropySource* const source = KELVIN_TRY(surroundings.backends.claim_entropy(options.rng));
    return std::make_unique<VirtioRng>(options, surroundings.io, surroundings.dma, *source);
}

VirtioRng::VirtioRng(const Options& options, EventLoop& io, memory::Dma& dma, backend::EntropySource& source)
    : Device({.id = 4, .pci_class = 0x00ff00, .features = options.ring.features(), .queue_sizes = {8}}, io, dma),
      max_bytes_(options.max_bytes),
      period_ns_(i64{options.period} * kNsPerMs),
      source_(source) {}

void VirtioRng::started(u64) {
    left_ = max_bytes_;
}

void VirtioRng::stopped() {
    waiting_ = false;
    unanswered_ = false;
}

/// How much was written: less than there is room for where the source or the period has no more.
u64 VirtioRng::fill(const bus::virtio::Chain& chain) {
    std::array<u8, kPiece> bytes;
    const u64 room = std::min(chain.writable_size(), kMaxAnswer);
    u64 written = 0;
    while (written < room && left_ != 0) {
        const u64 wanted = std::min({u64{kPiece}, room - written, left_});
        const std::size_t count = source_.read(std::span(bytes).first(wanted));
        if (count == 0 || !chain.write(written, std::span(bytes).first(count))) {
            break;
        }
        written += count;
        left_ -= count;
    }
    return written;
}

/// False if the request has to wait.
bool VirtioRng::answer(const bus::virtio::Chain& chain) {
    const u64 written = fill(chain);
    unanswered_ = written == 0 && chain.writable_size() != 0;
    if (!unanswered_) {
        give_back(kRequests, chain, written);
        return true;
    }
    waiting_ = true;
    io().post(call_method<&VirtioRng::go_on, VirtioRng>, this, left_ == 0 ? period_ns_ : kRetryNs);
    return false;
}

void VirtioRng::queue_notified(u16) {
    if (!waiting_) {
        serve(kRequests, chain_, [this](const bus::virtio::Chain& chain) { return answer(chain); });
    }
}

void VirtioRng::go_on() {
    waiting_ = false;
    left_ = left_ == 0 ? max_bytes_ : left_;
    if (!unanswered_ || answer(chain_)) {
        notify(kRequests);
    }
}

void VirtioRng::quiesce() {
    if (std::exchange(unanswered_, false)) {
        put_back(kRequests, {&chain_, 1});
    }
}

Result<state::Json> VirtioRng::save() {
    State saved{left_};
    return state::save_state(saved);
}

/// A new period begins.
Result<> VirtioRng::load(const state::Json& json) {
    State saved;
    KELVIN_TRY(state::load_state("", json, saved));
    if (saved.left > max_bytes_) {
        return user_error(fmt::format(".left: {} is more than max-bytes={}", saved.left, max_bytes_));
    }
    left_ = saved.left;
    return ok();
}

}  // namespace kelvin::device
