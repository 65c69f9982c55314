// SPDX-License-Identifier: Apache-2.0
// A descriptor that carries bytes both ways, as the far end of a line: a connection, a pseudo-terminal, a pipe.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "backend/char/character_device.h"
#include "backend/char/stream_codec.h"
#include "base/event_loop.h"
#include "base/fd.h"

namespace kelvin::backend {

/// Input is read on the event loop's thread, only as fast as the receiver takes it. Output goes out at once as far as
/// the peer takes it; the rest is kept, and sent by the event loop.
class Stream : public CharacterBackend, protected PollSource {
  public:
    /// `loop` outlives the stream. Made and destroyed on the loop's thread, or while none runs it.
    /// `lossy`: what a stalled peer does not take is dropped, instead of the peer being given up.
    explicit Stream(EventLoop& loop, bool lossy = false);
    ~Stream() override;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    void write(std::span<const u8> bytes) override;
    std::size_t write_some(std::span<const u8> bytes) override;
    bool needs_peer() const override { return true; }
    void set_receiver(CharacterReceiver* receiver) override;
    void accept_input() override { wake(); }
    std::vector<Fd> take_descriptors() override { return std::exchange(descriptors_, {}); }

  protected:
    void before_poll(std::vector<pollfd>& polled, int& timeout_ms) override;
    void after_poll(std::span<const pollfd> polled) override;

    /// `peer` is connected from now on; it does not block. Output goes to `output` if that is given, and all bytes
    /// through `codec`. The loop's thread.
    void connect(Fd peer, std::unique_ptr<StreamCodec> codec = nullptr, Fd output = {});
    bool is_connected() const;
    /// The peer is gone. The loop's thread.
    virtual void lost() {}

  private:
    void wake();
    void announce();
    void read_input();
    void look_for_end();
    void deliver(std::span<const u8> bytes);
    /// The line's bytes of what was received; false: the peer is to be given up.
    bool decode(std::span<const u8> received, std::vector<u8>& bytes);
    void disconnect();
    void append_locked(std::span<const u8> bytes);
    void send_locked();
    int output_locked() const { return output_ ? output_.get() : peer_.get(); }
    bool takes_output_locked() const { return peer_ && !broken_ && (codec_ == nullptr || codec_->ready()); }

    EventLoop& loop_;
    const bool lossy_;
    // Of the loop's thread:
    std::vector<Fd> descriptors_;
    std::vector<u8> held_;    // input that came with what the peer had to say before it
    bool is_socket_ = false;  // the peer
    bool reads_ = false;      // between before_poll and after_poll: input, or else only its end is waited for
    bool leaves_ = false;     // the peer has gone, but what it has sent waits for the receiver

    std::mutex receiver_mutex_;  // held while the receiver is called; taken before mutex_, never under a device's lock
    CharacterReceiver* receiver_ = nullptr;
    bool announced_ = false;  // it has been told of this peer

    mutable std::mutex mutex_;  // guards what follows; innermost but for the loop's
    Fd peer_;
    Fd output_;
    std::unique_ptr<StreamCodec> codec_;
    std::vector<u8> pending_;
    bool left_some_ = false;  // write_some() did
    bool stalled_ = false;    // the peer took nothing while a writer waited
    bool broken_ = false;     // output found the peer gone, or stalled: the loop disconnects it
};

}  // namespace kelvin::backend
