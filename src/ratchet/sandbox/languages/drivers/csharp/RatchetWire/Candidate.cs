using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;

namespace RatchetWire {

/// Answers questions for the method whose name is the first argument, of whichever class has one.
static class Candidate {
    const BindingFlags All = BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
    static readonly Dictionary<Type, object> Instances = new Dictionary<Type, object>();

    static int Main(string[] arguments) {
        var wire = new Wire();
        var methods = Assembly.GetExecutingAssembly().GetTypes().Where(type => type.Namespace != typeof(Candidate).Namespace)
            .SelectMany(type => type.GetMethods(All)).Where(method => method.Name == arguments[0]).ToList();
        for (byte[] question; (question = wire.Receive()) != null; )
            wire.Send(Answer(methods, (List<object>) new Reader(question).Whole()));
        Environment.Exit(0);
        return 0;
    }

    static byte[] Answer(List<MethodInfo> methods, List<object> question) {
        try {
            object[] values;
            var method = Taking(methods, question, out values);
            var value = method.Invoke(Instance(method), values);
            var answer = new Lines();
            answer.Line("l1");
            Values.Write(answer, value, method.ReturnType, 1);
            return answer.Payload();
        } catch (TargetInvocationException error) {
            return Raised(error.InnerException);
        } catch (Exception error) {
            return Raised(error);
        }
    }

    /// The first method that takes what is asked.
    static MethodInfo Taking(List<MethodInfo> methods, List<object> question, out object[] values) {
        var why = "there is no method of that name with " + (question.Count - 1) + " parameters";
        foreach (var method in methods) {
            var types = method.GetParameters().Select(parameter => parameter.ParameterType).ToArray();
            if (types.Length != question.Count - 1) continue;
            try {
                values = types.Select((type, i) => Values.As(question[i + 1], type)).ToArray();
                return method;
            } catch (Malformed error) {
                why = "an argument has another type: " + error.Message;
            }
        }
        throw new MissingMethodException(question[0] + ": " + why);
    }

    static object Instance(MethodInfo method) {
        if (method.IsStatic) return null;
        object found;
        if (!Instances.TryGetValue(method.DeclaringType, out found))
            Instances[method.DeclaringType] = found = Activator.CreateInstance(method.DeclaringType, true);
        return found;
    }

    static byte[] Raised(Exception error) {
        if (error is OutOfMemoryException) {
            Console.Error.WriteLine(error);
            Environment.Exit(1);
        }
        var answer = new Lines();
        answer.Line("l2");
        answer.Text(error.GetType().FullName);
        answer.Text(error.Message.Substring(0, Math.Min(1000, error.Message.Length)));
        return answer.Payload();
    }
}

}
