// SPDX-License-Identifier: Apache-2.0
// The host's ends of devices without a host: a disk in memory, a cable and a line that come back to their sender.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backend/balloon/memory_balloon.h"
#include "backend/block/block_device.h"
#include "backend/char/character_device.h"
#include "backend/display/screen.h"
#include "backend/entropy/entropy_source.h"
#include "backend/input/input.h"
#include "backend/net/network_port.h"
#include "base/event_loop.h"
#include "bus/device_type.h"

namespace kelvin::exercise {

/// I/O loop's thread. One request in some fails.
class FakeDisk final : public backend::BlockDevice {
  public:
    explicit FakeDisk(EventLoop& io) : io_(io), bytes_(kSize) {}
    ~FakeDisk() override { io_.cancel(this); }
    FakeDisk(const FakeDisk&) = delete;
    FakeDisk& operator=(const FakeDisk&) = delete;

    u64 size() const override { return kSize; }
    bool read_only() const override { return false; }
    const backend::BlockLimits& limits() const override { return limits_; }
    const std::string& name() const override { return name_; }
    const std::string& serial() const override { return serial_; }
    void submit(backend::BlockRequest& request) override;
    void drain() override;
    void set_size_handler(void (*)(void*), void*) override {}

  private:
    static constexpr u64 kSize = u64{256} << 10;
    void complete();
    int carry_out(const backend::BlockRequest& request);

    EventLoop& io_;
    std::vector<u8> bytes_;
    std::deque<backend::BlockRequest*> pending_;
    u64 done_ = 0;
    backend::BlockLimits limits_{.discards = true};
    std::string name_ = "fake disk";
    std::string serial_ = "F4K3";
};

/// I/O loop's thread.
class FakeCable final : public backend::NetworkPort {
  public:
    /// One of several of a network's, if it has more.
    explicit FakeCable(EventLoop& io, bool has_more = true)
        : io_(io), other_(has_more ? std::make_unique<FakeCable>(io, false) : nullptr) {}
    ~FakeCable() override { io_.cancel(this); }
    FakeCable(const FakeCable&) = delete;
    FakeCable& operator=(const FakeCable&) = delete;

    void set_receiver(backend::NetworkReceiver* receiver) override { receiver_ = receiver; }
    void send(std::span<const iovec> frame, const backend::FrameOffload& offload) override;
    void ready() override { io_.post(call_method<&FakeCable::deliver, FakeCable>, this); }
    bool takes_offloads() const override { return true; }
    bool gives_offloads() const override { return true; }
    bool link_up() const override { return true; }
    unsigned queue_count() const override { return other_ != nullptr ? 2 : 1; }
    backend::NetworkPort& queue(unsigned index) override { return index == 0 ? *this : *other_; }

  private:
    struct Frame {
        std::vector<u8> bytes;
        backend::FrameOffload offload;
    };
    void deliver();

    EventLoop& io_;
    const std::unique_ptr<FakeCable> other_;
    backend::NetworkReceiver* receiver_ = nullptr;
    std::deque<Frame> frames_;
};

/// Any thread.
class FakeLine final : public backend::CharacterBackend {
  public:
    explicit FakeLine(EventLoop& io) : io_(io) {}
    ~FakeLine() override { io_.cancel(this); }
    FakeLine(const FakeLine&) = delete;
    FakeLine& operator=(const FakeLine&) = delete;

    void write(std::span<const u8> bytes) override;
    /// All, or a part; then there is room later. With each such pause a peer has come or gone.
    std::size_t write_some(std::span<const u8> bytes) override;
    bool needs_peer() const override { return true; }
    void set_receiver(backend::CharacterReceiver* receiver) override;
    void accept_input() override { io_.post(call_method<&FakeLine::deliver, FakeLine>, this); }

  private:
    void deliver();
    void make_room();

    EventLoop& io_;
    unsigned pieces_ = 0;  // the I/O loop's, as the next
    bool has_peer_ = false;
    std::mutex lock_;
    backend::CharacterReceiver* receiver_ = nullptr;  // used by the I/O loop
    std::deque<u8> bytes_;
};

class FakeBackends final : public bus::Backends {
  public:
    FakeBackends(EventLoop& io, u64 ram_size) : io_(io), balloon_(ram_size, io, io, nullptr) {}

    Result<backend::BlockDevice*> claim_block(std::string_view) override {
        return disks_.emplace_back(std::make_unique<FakeDisk>(io_)).get();
    }
    Result<backend::CharacterBackend*> claim_character(std::string_view) override {
        return lines_.emplace_back(std::make_unique<FakeLine>(io_)).get();
    }
    Result<backend::NetworkPort*> claim_network(std::string_view) override {
        return cables_.emplace_back(std::make_unique<FakeCable>(io_)).get();
    }
    state::MacAddress make_mac_address() override { return {{0x52, 0x54, 0, 0x12, 0x34, 0x56}}; }
    Result<backend::EntropySource*> claim_entropy(std::string_view) override { return &entropy_; }
    Result<backend::MemoryBalloon*> claim_balloon() override { return &balloon_; }
    backend::Input& input() override { return input_; }
    backend::Screens& screens() override { return screens_; }

  private:
    EventLoop& io_;
    std::vector<std::unique_ptr<FakeDisk>> disks_;
    std::vector<std::unique_ptr<FakeLine>> lines_;
    std::vector<std::unique_ptr<FakeCable>> cables_;
    backend::EntropySource entropy_;
    backend::Input input_{io_};
    backend::Screens screens_;
    backend::MemoryBalloon balloon_;
};

}  // namespace kelvin::exercise
