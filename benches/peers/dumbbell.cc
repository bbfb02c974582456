// What a packet costs ns-3: 100 MB through two hops at 1 Gbit/s and a round trip of 20 ms, CUBIC with SACK, the queue two
// bandwidth-delay products long. Payload is virtual, as ns-3 has it by default, and checksums are off. With more than one pair
// of hosts each has links of its own to the router, at its share of the rate, as in crates/net/benches/support.
//
// dumbbell [bytes] [pairs] [flows of each]
#include <sys/resource.h>

#include <iostream>

#include "ns3/applications-module.h"
#include "ns3/core-module.h"
#include "ns3/internet-module.h"
#include "ns3/network-module.h"
#include "ns3/point-to-point-module.h"

using namespace ns3;

static uint64_t hops = 0;
static void Sent(Ptr<const Packet>) { ++hops; }

static double Cpu() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](timeval t) { return t.tv_sec + t.tv_usec / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int main(int argc, char** argv) {
  auto number = [&](int n, uint64_t otherwise) { return argc > n ? std::stoull(argv[n]) : otherwise; };
  const uint64_t bytes = number(1, 100000000), pairs = number(2, 1), flows = number(3, 1);
  Config::SetDefault("ns3::TcpL4Protocol::SocketType", TypeIdValue(TcpCubic::GetTypeId()));
  Config::SetDefault("ns3::TcpSocket::SegmentSize", UintegerValue(1448));
  Config::SetDefault("ns3::TcpSocket::SndBufSize", UintegerValue(4 << 20));
  Config::SetDefault("ns3::TcpSocket::RcvBufSize", UintegerValue(6 << 20));
  Config::SetDefault("ns3::TcpSocket::InitialCwnd", UintegerValue(10));
  NodeContainer router, clients, servers;
  router.Create(1);
  clients.Create(pairs);
  servers.Create(pairs);
  InternetStackHelper stack;
  stack.Install(router);
  stack.Install(clients);
  stack.Install(servers);
  PointToPointHelper link;
  link.SetDeviceAttribute("DataRate", DataRateValue(DataRate(1000000000 / pairs)));
  link.SetChannelAttribute("Delay", StringValue("5ms"));
  const uint64_t queue = std::max<uint64_t>(5000000, pairs * flows * 16 * 1514);
  link.SetQueue("ns3::DropTailQueue", "MaxSize", StringValue(std::to_string(queue) + "B"));
  Ipv4AddressHelper left("10.1.0.0", "255.255.255.252"), right("10.2.0.0", "255.255.255.252");
  const uint64_t each = bytes / (pairs * flows);
  ApplicationContainer sinks;
  for (uint64_t n = 0; n < pairs; ++n) {
    NetDeviceContainer a = link.Install(clients.Get(n), router.Get(0)), b = link.Install(servers.Get(n), router.Get(0));
    Ipv4InterfaceContainer at = left.Assign(a);
    Ipv4InterfaceContainer from = right.Assign(b);
    left.NewNetwork();
    right.NewNetwork();
    Ipv4StaticRoutingHelper routes;
    routes.GetStaticRouting(clients.Get(n)->GetObject<Ipv4>())->SetDefaultRoute(at.GetAddress(1), 1);
    routes.GetStaticRouting(servers.Get(n)->GetObject<Ipv4>())->SetDefaultRoute(from.GetAddress(1), 1);
    PacketSinkHelper sink("ns3::TcpSocketFactory", InetSocketAddress(Ipv4Address::GetAny(), 80));
    sinks.Add(sink.Install(clients.Get(n)));
    BulkSendHelper source("ns3::TcpSocketFactory", InetSocketAddress(at.GetAddress(0), 80));
    source.SetAttribute("MaxBytes", UintegerValue(each));
    source.SetAttribute("SendSize", UintegerValue(1 << 17));
    for (uint64_t flow = 0; flow < flows; ++flow) source.Install(servers.Get(n));
  }
  Config::ConnectWithoutContext("/NodeList/*/DeviceList/*/$ns3::PointToPointNetDevice/PhyTxBegin", MakeCallback(&Sent));
  const double start = Cpu();
  Simulator::Stop(Seconds(300));
  Simulator::Run();
  const double spent = Cpu() - start;
  uint64_t got = 0;
  for (uint32_t i = 0; i < sinks.GetN(); ++i) got += DynamicCast<PacketSink>(sinks.Get(i))->GetTotalRx();
  const uint64_t packets = (got + 1447) / 1448;
  std::cout << "ns-3: " << pairs << " pairs x " << flows << " flows, " << got << " bytes: " << spent * 1e9 / packets
            << " ns CPU a data packet, " << hops / spent << " hops/s\n";
  Simulator::Destroy();
}
