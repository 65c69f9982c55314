// SPDX-License-Identifier: Apache-2.0
// The server with clients of Debian's libvncclient, and with one that speaks as a browser does.
#include "backend/display/vnc_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <linux/input-event-codes.h>
#include <rfb/rfbclient.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>

#include "backend/display/keysyms.h"
#include "base/fd.h"
#include "base/loop_thread.h"

namespace kelvin::backend {
namespace {

constexpr u16 kFirstPort = 5990;
constexpr auto kPatience = std::chrono::seconds(20);

class Recorder final : public InputReceiver {
  public:
    Kinds kinds() const override { return {.keys = true, .absolute = true}; }
    void key(u16 code, bool down) override { note(fmt::format("key {} {};", code, down)); }
    void button(Button which, bool down) override { note(fmt::format("button {} {};", int(which), down)); }
    void place(u16 x, u16 y) override { note(fmt::format("place {} {};", x, y)); }
    void turn(i32 down) override { note(fmt::format("turn {};", down)); }
    std::string heard() {
        const std::lock_guard lock(lock_);
        return heard_;
    }

  private:
    void note(const std::string& text) {
        const std::lock_guard lock(lock_);
        heard_ += text;
    }
    std::mutex lock_;
    std::string heard_;
};

class VncTest : public ::testing::Test {
  protected:
    void SetUp() override {
        rfbEnableClientLogging = FALSE;
        io_.loop.call([&] { input_.add(recorder_); });
        shown_.resize(320, 200);
        std::ranges::fill(shown_.pixels, 0x102030U);
    }
    void TearDown() override {
        server_.reset();
        io_.loop.call([&] { input_.remove(recorder_); });
    }
    void open(VncOptions options) {
        options.host = "127.0.0.1";
        options.port = kFirstPort;
        options.last_port = kFirstPort + 200;
        auto made = VncServer::open(
            options,
            [this](Picture& picture) {
                const std::lock_guard lock(lock_);
                picture = shown_;
            },
            input_);
        ASSERT_TRUE(made) << made.error().message();
        server_ = std::move(*made);
    }
    void show(u32 width, u32 height, u32 color) {
        const std::lock_guard lock(lock_);
        shown_.resize(width, height);
        std::ranges::fill(shown_.pixels, color);
    }
    void set_pixel(std::size_t at, u32 color) {
        const std::lock_guard lock(lock_);
        shown_.pixels.at(at) = color;
    }

    LoopThread io_;
    Input input_{io_.loop};
    Recorder recorder_;
    std::mutex lock_;
    Picture shown_;
    std::unique_ptr<VncServer> server_;
};

/// A client of the library's.
class Client {
  public:
    Client(u16 port, const char* password) : password_(password) {
        client_ = rfbGetClient(8, 3, 4);
        client_->format.redShift = 16;
        client_->format.blueShift = 0;
        client_->appData.encodingsString = "raw";
        client_->canHandleNewFBSize = TRUE;
        client_->GetPassword = [](rfbClient* client) {
            return ::strdup(static_cast<const char*>(rfbClientGetClientData(client, nullptr)));
        };
        rfbClientSetClientData(client_, nullptr, const_cast<char*>(password_));
        client_->serverPort = port;
        std::free(client_->serverHost);
        client_->serverHost = ::strdup("127.0.0.1");
        if (rfbInitClient(client_, nullptr, nullptr) == FALSE) {
            client_ = nullptr;  // the library has freed it
        }
    }
    ~Client() {
        if (client_ != nullptr) {
            std::free(client_->frameBuffer);
            client_->frameBuffer = nullptr;
            rfbClientCleanup(client_);
        }
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    bool is_in() const { return client_ != nullptr; }
    rfbClient* get() { return client_; }
    int width() const { return client_->width; }
    u32 pixel(std::size_t at) const {
        u32 value = 0;
        std::memcpy(&value, client_->frameBuffer + at * 4, 4);
        return value & 0xffffff;
    }
    template <class Condition>
    bool wait_for(Condition condition) {
        const auto end = std::chrono::steady_clock::now() + kPatience;
        while (!condition()) {
            const int ready = WaitForMessage(client_, 50'000);
            if (ready < 0 || (ready > 0 && HandleRFBServerMessage(client_) == FALSE) ||
                std::chrono::steady_clock::now() > end) {
                return false;
            }
        }
        return true;
    }

  private:
    const char* password_;
    rfbClient* client_;
};

TEST_F(VncTest, ShowsWhatChangesAndGrows) {
    open({});
    Client client(server_->options().port, "");
    ASSERT_TRUE(client.is_in());
    ASSERT_TRUE(client.wait_for([&] { return client.width() == 320 && client.pixel(5) == 0x102030; }))
        << fmt::format("{} {:#x}", client.width(), client.pixel(5));
    set_pixel(320 * 7 + 3, 0xff0080);
    EXPECT_TRUE(client.wait_for([&] { return client.pixel(320 * 7 + 3) == 0xff0080; }));
    EXPECT_EQ(client.pixel(320 * 7 + 4), 0x102030U);
    show(640, 400, 0x00ff00);
    EXPECT_TRUE(client.wait_for([&] { return client.width() == 640 && client.pixel(640 * 400 - 1) == 0x00ff00; }));
    EXPECT_EQ(server_->clients().size(), 1U);
    EXPECT_EQ(server_->clients()[0].host, "127.0.0.1");
}

TEST_F(VncTest, TakesKeysAndThePointer) {
    open({});
    Client client(server_->options().port, "");
    ASSERT_TRUE(client.is_in());
    ASSERT_TRUE(client.wait_for([&] { return client.width() == 320; }));
    SendKeyEvent(client.get(), 'A', TRUE);
    SendKeyEvent(client.get(), 'A', FALSE);
    SendPointerEvent(client.get(), 319, 0, rfbButton1Mask);
    SendPointerEvent(client.get(), 0, 199, rfbWheelDownMask);
    const std::string expected = fmt::format("key {} true;key {} false;", KEY_A, KEY_A) +
                                 "place 32767 0;button 0 true;place 0 32767;button 0 false;turn 1;";
    EXPECT_TRUE(client.wait_for([&] { return recorder_.heard() == expected; })) << recorder_.heard();
}

TEST_F(VncTest, LetsInWhoKnowsThePassword) {
    VncOptions options;
    options.password = true;
    open(options);
    EXPECT_FALSE(Client(server_->options().port, "").is_in()) << "there is none yet";
    server_->set_password("secret");
    EXPECT_FALSE(Client(server_->options().port, "wrong").is_in());
    EXPECT_TRUE(Client(server_->options().port, "secret").is_in());
    server_->set_expiry(1);
    EXPECT_FALSE(Client(server_->options().port, "secret").is_in()) << "it was good until 1970";
    server_->set_expiry(std::nullopt);
    EXPECT_TRUE(Client(server_->options().port, "secret").is_in());
}

TEST_F(VncTest, RefusesWhomSelectCannotWaitFor) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit enough = before;
    enough.rlim_cur = FD_SETSIZE + 64;
    if (before.rlim_max < enough.rlim_cur || ::setrlimit(RLIMIT_NOFILE, &enough) != 0) {
        GTEST_SKIP() << "this process may not have so many descriptors";
    }
    open({});
    std::vector<Fd> taken;
    do {
        taken.emplace_back(::dup(STDIN_FILENO));
    } while (taken.back() && taken.back().get() < FD_SETSIZE);
    const u16 port = server_->options().port;
    EXPECT_TRUE(taken.back());
    taken.erase(taken.begin());  // for the client; the server's end comes after those that are there
    EXPECT_FALSE(Client(port, "").is_in());
    taken.clear();
    EXPECT_TRUE(Client(port, "").is_in());
    ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST_F(VncTest, BrowsersSpeakThroughAWebsocket) {
    open({});
    const Fd socket(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server_->options().port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const std::string hello =
        "GET /websockify HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: binary\r\nOrigin: http://localhost\r\n\r\n";
    ASSERT_EQ(::write(socket.get(), hello.data(), hello.size()), static_cast<ssize_t>(hello.size()));
    std::string answer;
    char piece[512];
    for (ssize_t got = 1; got > 0 && answer.find("RFB 003") == std::string::npos;) {
        got = ::read(socket.get(), piece, sizeof piece);
        answer.append(piece, static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    }
    EXPECT_NE(answer.find("101"), std::string::npos) << answer;
    EXPECT_NE(answer.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), std::string::npos) << "RFC 6455, 1.3";
    EXPECT_NE(answer.find("RFB 003"), std::string::npos) << answer;
}

TEST_F(VncTest, ClientsComeAndGo) {
    open({});
    for (int count = 0; count < 20; ++count) {
        Client client(server_->options().port, "");
        ASSERT_TRUE(client.is_in());
    }
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!server_->clients().empty() && std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_TRUE(server_->clients().empty());
}

TEST(Keysyms, AreKeysOfAUsKeyboard) {
    EXPECT_EQ(key_of_symbol('a'), KEY_A);
    EXPECT_EQ(key_of_symbol('A'), KEY_A);
    EXPECT_EQ(key_of_symbol('~'), KEY_GRAVE);
    EXPECT_EQ(key_of_symbol('|'), KEY_BACKSLASH);
    EXPECT_EQ(key_of_symbol('/'), KEY_SLASH);
    EXPECT_EQ(key_of_symbol('?'), KEY_SLASH);
    EXPECT_EQ(key_of_symbol(' '), KEY_SPACE);
    EXPECT_EQ(key_of_symbol(0xffc9), KEY_F12);
    EXPECT_EQ(key_of_symbol(0x20ac), std::nullopt);
}

}  // namespace
}  // namespace kelvin::backend
