using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Reflection;

namespace RatchetWire {

/// Runs the test's own Main, in which a method asks the other process.
static class Examiner {
    static readonly Wire Channel = new Wire();

    /// What an exception of the other process is here, if it is of a class that is not the system's own.
    class Raised : Exception {
        public Raised(string what) : base(what) {}
    }

    /// A failed Debug.Assert or Trace.Assert.
    class Failing : TraceListener {
        public override void Write(string message) {}

        public override void WriteLine(string message) {}

        public override void Fail(string message, string detail) {
            End(1, "an assertion failed " + message + " " + detail);
        }

        public override void Fail(string message) {
            Fail(message, "");
        }
    }

    static int Main(string[] arguments) {
        Trace.Listeners.Clear();
        Trace.Listeners.Add(new Failing());
        var main = Assembly.GetExecutingAssembly().GetTypes().Where(type => type.Namespace != typeof(Examiner).Namespace)
            .Select(type => type.GetMethod("Main", BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .FirstOrDefault(found => found != null);
        if (main == null) End(70, "the test has no Main");
        try {
            var result = main.Invoke(null, main.GetParameters().Length == 0 ? null : new object[] { arguments });
            return result is int ? (int) result : 0;
        } catch (TargetInvocationException error) {
            Console.Error.WriteLine(error.InnerException);
            End(1, error.InnerException.GetType().FullName + ": " + error.InnerException.Message);
            return 1;
        }
    }

    /// What the method returns for these arguments; throws what it throws.
    public static object Ask(MethodBase method, object[] arguments) {
        var question = new Lines();
        question.Line("l" + (arguments.Length + 1));
        question.Text(method.Name);
        var parameters = method.GetParameters();
        try {
            for (int i = 0; i < arguments.Length; i++) Values.Write(question, arguments[i], parameters[i].ParameterType, 1);
        } catch (NotPlain error) {
            End(70, method.Name + " cannot be asked from another process: " + error.Message);
        }
        byte[] answer = null;
        try {
            Channel.Send(question.Payload());
            answer = Channel.Receive();
        } catch (IOException) {}
        if (answer == null) End(70, "the process that answers for " + method.Name + " is gone");
        List<object> read;
        try {
            read = (List<object>) new Reader(answer).Whole();
            if (read.Count == 1) return Values.As(read[0], ((MethodInfo) method).ReturnType);
        } catch (Malformed error) {
            End(70, method.Name + " was answered with something else than its type: " + error.Message);
            throw;
        }
        throw Exception((string) read[0], (string) read[1]);
    }

    static Exception Exception(string name, string message) {
        var kind = name.StartsWith("System.", StringComparison.Ordinal) && !name.Contains(",") ? typeof(object).Assembly.GetType(name, false) : null;
        if (kind != null && typeof(Exception).IsAssignableFrom(kind) && kind.GetConstructor(new[] { typeof(string) }) != null)
            return (Exception) Activator.CreateInstance(kind, message);
        return new Raised(name + ": " + message);
    }

    /// Ends the test here: no handler of the test's text hears of it.
    static void End(int code, string why) {
        Console.Error.WriteLine(why.Trim());
        Console.Error.Flush();
        Environment.Exit(code);
    }
}

}
